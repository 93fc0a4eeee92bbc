package main

import (
	"path/filepath"
	"strings"
	"testing"

	"tongsou/index/opensearch/opensearchtest"
)

// TestOnACluster goes through the commands with the index on OpenSearch: nothing but the configuration differs.
func TestOnACluster(t *testing.T) {
	c := opensearchtest.Start(t, opensearchtest.Options{})
	dir := t.TempDir()
	config := write(t, filepath.Join(dir, "cluster.yaml"), `engine: opensearch
opensearch:
  addresses: [`+c.Nodes[0].URL+`]
  replicas: 0
  repository: backups
  location: `+c.Repository()+`
`)
	data := filepath.Join(dir, "data")
	with := func(args ...string) []string { return append(args, "--data", data, "--config", config) }
	file := write(t, filepath.Join(dir, "事项.csv"), "事项名称,实施编码,实施主体,区划代码\n雪人登记,11150102DEMO00001,新城区园林局,150102\n雪人注销,11150102DEMO00002,新城区园林局,150102\n")
	must(t, with("ingest", file)...)
	if out := must(t, with("search", "雪人登记")...); !strings.Contains(out, "[雪人登记]") {
		t.Errorf("search says\n%s", out)
	}
	if out := must(t, with("rebuild")...); !strings.Contains(out, "第 2 号变更") {
		t.Errorf("rebuild says\n%s", out)
	}
	if out := must(t, with("check", "--deep")...); !strings.Contains(out, "相符。") {
		t.Errorf("check says\n%s", out)
	}
	address, stop := servingAt(t, `http://\S+`, "--data", data, "--config", config)
	code, body := fetch(t, address+"/api/v1/search?q=%E9%9B%AA%E4%BA%BA%E6%B3%A8%E9%94%80")
	if code != 200 || !strings.Contains(string(body), "11150102DEMO00002") {
		t.Errorf("serve answers %d %s", code, body)
	}
	if _, err := tongsou(t, with("ingest", file)...); err != nil {
		t.Errorf("ingest beside serve: %v", err)
	}
	if _, err := tongsou(t, with("check")...); err == nil || !strings.Contains(err.Error(), "正由另一个") {
		t.Errorf("check beside serve: %v", err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	must(t, with("backup", filepath.Join(dir, "backup"))...)
}

func TestClusterNeedsAnAddress(t *testing.T) {
	for text, want := range map[string]string{
		"engine: opensearch\n":                               "opensearch.addresses",
		"engine: solr\n":                                     "engine",
		"opensearch:\n  addresses: [localhost:9200]\n":       "opensearch.addresses",
		"opensearch:\n  adresses: [http://localhost:9200]\n": "opensearch.adresses",
		"opensearch:\n  cert: a.pem\n":                       "opensearch.cert",
		"opensearch:\n  shards: 1025\n":                      "opensearch.shards",
	} {
		file := write(t, filepath.Join(t.TempDir(), "c.yaml"), text)
		if _, err := tongsou(t, "search", "--config", file, "x"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s named", text, err, want)
		}
	}
	// Nothing listens there: the command says so instead of waiting for ever.
	file := write(t, filepath.Join(t.TempDir(), "c.yaml"), "engine: opensearch\nopensearch:\n  addresses: [\"http://127.0.0.1:1\"]\n")
	if _, err := tongsou(t, "search", "--config", file, "x"); err == nil || !strings.Contains(err.Error(), "连不上 OpenSearch") {
		t.Errorf("without a cluster: %v", err)
	}
}
