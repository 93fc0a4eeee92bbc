package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"tongsou/index/opensearch/opensearchtest"
)

// Store and index are moved to PostgreSQL and OpenSearch while a serve answers from both, and back. An index that answers
// otherwise is not moved from, and nothing is switched then.
func TestMigrateTheEngine(t *testing.T) {
	dsn := database.Database(t)
	t.Setenv("TONGSOU_POSTGRES_DSN", dsn)
	c := opensearchtest.Start(t, opensearchtest.Options{})
	dir := t.TempDir()
	data, back := filepath.Join(dir, "data"), filepath.Join(dir, "back")
	addresses := "opensearch:\n  addresses: [" + c.Nodes[0].URL + "]\n  replicas: 0\n"
	before := write(t, filepath.Join(dir, "before.yaml"), addresses)
	after := write(t, filepath.Join(dir, "after.yaml"), "engine: opensearch\nstore: postgres\n"+addresses)

	address, stop := servingAt(t, `http://\S+`, "--data", data, "--config", before)
	fetch(t, address+"/api/v1/search?q=%E5%85%AC%E7%A7%AF%E9%87%91")
	out := must(t, "migrate", "--data", data, "--config", before, "--to", "postgres", "--engine", "opensearch")
	for _, want := range []string{"两个引擎相符：opensearch 上有", "抽查 100 个查询", "两边相符", "store: postgres、engine: opensearch"} {
		if !strings.Contains(out, want) {
			t.Errorf("migrate does not say %q:\n%s", want, out)
		}
	}
	if code, body := fetch(t, address+"/api/v1/search?q=%E5%85%AC%E7%A7%AF%E9%87%91"); code != http.StatusOK || !strings.Contains(string(body), "item-fund") {
		t.Errorf("beside the migration serve answers %d %.300s", code, body)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	there := []string{"--data", data, "--config", after}
	if out := must(t, append([]string{"check", "--deep"}, there...)...); !strings.Contains(out, "相符。") {
		t.Errorf("after the migration check says\n%s", out)
	}

	forget(t, c.Nodes[0].URL)
	home := []string{"migrate", "--data", back, "--config", after, "--to", "sqlite", "--engine", "embedded"}
	if _, err := tongsou(t, home...); err == nil || !strings.Contains(err.Error(), "两个引擎的回答不同") || !strings.Contains(err.Error(), "没有切换") {
		t.Errorf("from an index that lost documents: %v", err)
	}
	must(t, append([]string{"rebuild"}, there...)...) // the store is still in use
	if out := must(t, home...); !strings.Contains(out, "两个引擎相符：embedded 上有") || !strings.Contains(out, "store: sqlite、engine: embedded") {
		t.Errorf("the way back says\n%s", out)
	}
	if out := must(t, "check", "--deep", "--data", back); !strings.Contains(out, "相符。") {
		t.Errorf("after the way back check says\n%s", out)
	}
	// The index alone moves too; the store is where it was.
	if out := must(t, "migrate", "--data", back, "--config", before, "--engine", "opensearch"); !strings.Contains(out, "engine: opensearch") || strings.Contains(out, "store:") {
		t.Errorf("the index alone: %s", out)
	}
	must(t, "check", "--data", back)
}

// forget deletes what the index on a cluster has of most documents, behind everybody's back.
func forget(t *testing.T, node string) {
	t.Helper()
	resp, err := http.Post(node+"/tongsou/_search?size=2000&_source=id&q=kind:*", "application/json", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var found struct {
		Hits struct {
			Hits []struct {
				ID string `json:"_id"`
			} `json:"hits"`
		} `json:"hits"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&found); err != nil || len(found.Hits.Hits) < 100 {
		t.Fatalf("the index lists %d documents: %v", len(found.Hits.Hits), err)
	}
	var bulk bytes.Buffer
	for i, h := range found.Hits.Hits {
		if i%3 > 0 {
			fmt.Fprintf(&bulk, `{"delete":{"_id":%q}}`+"\n", h.ID)
		}
	}
	done, err := http.Post(node+"/tongsou/_bulk?refresh=true", "application/x-ndjson", &bulk)
	if err != nil || done.StatusCode != http.StatusOK {
		t.Fatal(err, done)
	}
	_ = done.Body.Close() // it is of no interest
}

func TestMigrateNeedsATarget(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"migrate"}, "--to"},
		{[]string{"migrate", "--engine", "solr"}, "engine = solr"},
		{[]string{"migrate", "--engine", "opensearch"}, "opensearch.addresses"},
	} {
		if _, err := tongsou(t, append(c.args, "--data", t.TempDir())...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %s named", c.args, err, c.want)
		}
	}
}
