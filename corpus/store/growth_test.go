package store_test

import (
	"fmt"
	"testing"
	"time"

	"tongsou/corpus"
)

// fillTable adds documents of other families and numbers behind the store's back, since putting them takes its time.
const fillTable = `INSERT INTO document (id, seq, kind, family, same, begins, hash, body)
	WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
	SELECT 'x' || i, 1000000 + i, 'policy', 'x' || i, 'x' || i, '2020-01-01', '', randomblob(800) FROM n`

// What a batch costs must not grow with the store: looking up families and twins without their index takes 20 to 30 times
// as long here. A factor of 6 leaves room for a busy machine.
func TestPutDoesNotSlowDown(t *testing.T) {
	s, path := open(t)
	n := 0
	fastest := func() time.Duration {
		best := time.Hour
		for range 4 {
			docs := make([]*corpus.Document, 20)
			for i := range docs {
				n++
				docs[i] = policy(fmt.Sprint("p", n), "甲", "正文")
				docs[i].Title, docs[i].Family = fmt.Sprint("办法", n), fmt.Sprint("办法", n)
			}
			began := time.Now()
			put(t, s, docs...)
			best = min(best, time.Since(began))
		}
		return best
	}
	small := fastest()
	exec(t, path, fillTable)
	if large := fastest(); large > 6*small {
		t.Errorf("20 documents take %v in an empty store and %v beside 5,000", small, large)
	}
}
