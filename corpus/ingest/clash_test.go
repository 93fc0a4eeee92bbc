package ingest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"tongsou/corpus/ingest"
	"tongsou/corpus/reader"
	"tongsou/corpus/store"
)

func record(id, text string) string {
	return fmt.Sprintf(`{"id": %q, "kind": "news", "title": "消息", "sections": [{"id": "p1", "text": %q}]}`+"\n", id, text)
}

// Of two documents with one ID the first is kept and the second listed, so that running again changes nothing.
func TestTwoDocumentsWithOneID(t *testing.T) {
	far := "" // documents enough that the first is stored before the second comes
	for i := range 600 {
		far += record(fmt.Sprint("x", i), "别的")
	}
	for _, c := range []struct {
		name          string
		between       string
		second        string
		rejected, all int
	}{
		{"in one batch", "", "后文", 1, 2},
		{"in two batches", far, "后文", 1, 602},
		{"the same in one batch", "", "先文", 0, 3},
		{"the same in two batches", far, "先文", 0, 603},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := fstest.MapFS{
				"a.jsonl": {Data: []byte(record("d", "先文") + c.between)},
				"b.jsonl": {Data: []byte(record("y", "别的") + record("d", c.second))},
			}
			s := open(t)
			var rejects bytes.Buffer
			opts := ingest.Options{Reader: reader.Options{FS: files}, Rejects: &rejects}
			first := run(t, s, ".", opts)
			if first.Rejected != c.rejected || first.Documents != c.all || first.Updated != 0 {
				t.Errorf("first run %+v, want %d rejected of %d", first, c.rejected, c.all)
			}
			if got := content(t, s)["d"].Text(); got != "先文" {
				t.Errorf("the store holds %q, want the first", got)
			}
			if c.rejected > 0 {
				var f ingest.Fault
				if err := json.Unmarshal(rejects.Bytes(), &f); err != nil {
					t.Fatal(err)
				}
				if f.File != "b.jsonl" || f.Line != 2 || f.Field != "编号" || f.ID != "d" || !strings.Contains(f.Reason, "a.jsonl:1 ") {
					t.Errorf("fault %+v, want one that names both places", f)
				}
			}
			second := run(t, s, ".", opts)
			want := store.Summary{Unchanged: c.all, Sequence: first.Sequence}
			if second.Summary != want {
				t.Errorf("second run %+v, want %+v", second.Summary, want)
			}
		})
	}
}
