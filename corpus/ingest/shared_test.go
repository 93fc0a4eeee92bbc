package ingest_test

import (
	"os"
	"path/filepath"
	"testing"

	"tongsou/corpus/ingest"
)

// TestRunOverRealData reads real files twice: nothing may change the second time. TONGSOU_SHARED names their folder.
func TestRunOverRealData(t *testing.T) {
	shared := os.Getenv("TONGSOU_SHARED")
	if shared == "" {
		t.Skip("TONGSOU_SHARED names no folder of real data")
	}
	for _, name := range []string{"newspaper", "laws", "policies-govcn.jsonl", "policies-tianhe.json", "items-guangan.jsonl", "news-xwlb.jsonl.gz"} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			root := filepath.Join(shared, "raw", name)
			first := run(t, s, root, ingest.Options{})
			t.Logf("first: %+v", first)
			if first.Added == 0 || first.Rejected*10 > first.Documents {
				t.Errorf("first: %+v", first)
			}
			second := run(t, s, root, ingest.Options{})
			if second.Added+second.Updated+second.Deleted > 0 || second.Sequence != first.Sequence || second.Documents != first.Documents {
				t.Errorf("second: %+v, first %+v", second, first)
			}
			if err := s.Verify(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
