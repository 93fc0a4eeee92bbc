package opensearch_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/enginetest"
	"tongsou/index/opensearch"
)

// TestSnapshotComesBack loses an index and restores it from a snapshot, with the request that the operator's guide names. The
// engine goes on from the sequence of the snapshot.
func TestSnapshotComesBack(t *testing.T) {
	if missing == nil && repository == "" {
		t.Skip("needs a node with a folder for snapshots: unset OPENSEARCH_TEST_URL")
	}
	var options opensearch.Options
	keep := func(o *opensearch.Options) { options = *o }
	e := open(t, keep)
	changes := enginetest.Sample(t)
	if err := e.Apply(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	if err := e.Learn(t.Context()); err != nil {
		t.Fatal(err)
	}
	before, said := holding(t, e), answers(t, e)
	last := e.Sequence()
	name := options.Prefix + "-kept"
	location := filepath.Join(repository, options.Prefix)
	if err := e.Snapshot(t.Context(), options.Prefix, location, name); err != nil {
		t.Fatal(err)
	}
	// What happens after the snapshot is not in it.
	if err := e.Apply(t.Context(), []index.Change{{Seq: last + 1, ID: changes[0].ID}}); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	tell(t, http.MethodDelete, "/"+options.Prefix+"-*", "")
	tell(t, http.MethodPost, "/_snapshot/"+options.Prefix+"/"+name+"/_restore?wait_for_completion=true", `{"indices":"`+options.Prefix+`-*","include_aliases":true}`)

	again, err := opensearch.Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Close() }()
	if again.Sequence() != last || again.Stale() || again.Related() == nil {
		t.Errorf("it came back with sequence %d, want %d; stale %v; related terms %v", again.Sequence(), last, again.Stale(), again.Related() != nil)
	}
	if got := holding(t, again); got != before {
		t.Errorf("it holds %s, before %s", got, before)
	}
	if got := answers(t, again); got != said {
		t.Errorf("it answers %s, before %s", got, said)
	}
	if err := again.Apply(t.Context(), []index.Change{{Seq: last + 1, ID: changes[0].ID}}); err != nil || again.Sequence() != last+1 {
		t.Errorf("it does not go on: %v, sequence %d", err, again.Sequence())
	}
	// A repository that nobody may write is refused in words.
	if err := again.Snapshot(t.Context(), options.Prefix+"-bad", "/no/such/place", "x"); err == nil {
		t.Error("a snapshot outside path.repo was taken")
	}
}

// holding is what an engine holds.
func holding(t *testing.T, e *opensearch.Engine) string {
	t.Helper()
	ids := map[corpus.Kind][]string{}
	if err := e.Audit(t.Context(), func(id string, kind corpus.Kind) { ids[kind] = append(ids[kind], id) }); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(ids)
}

// answers are what an engine finds for some queries, with the scores.
func answers(t *testing.T, e *opensearch.Engine) string {
	t.Helper()
	said := ""
	for _, text := range []string{"户口", "社会保险", "公积金提取", "身份证"} {
		res, err := e.Search(t.Context(), index.Query{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range res.Groups {
			for _, h := range g.Hits {
				said += fmt.Sprintf("%s %.6f ", h.ID, h.Score)
			}
		}
	}
	if said == "" {
		t.Fatal("nothing is found at all")
	}
	return said
}

// tell asks the node itself for something.
func tell(t *testing.T, method, path, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, address+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		var why json.RawMessage
		_ = json.NewDecoder(resp.Body).Decode(&why) // it may be none
		t.Fatalf("%s %s: %s %s", method, path, resp.Status, why)
	}
}
