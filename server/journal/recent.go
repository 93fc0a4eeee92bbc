package journal

import "sync"

// maxRecent bounds the answers that are remembered to tell at which rank a result was opened.
const maxRecent = 512

// recent remembers which IDs the latest answers showed, in memory alone. The oldest is forgotten first.
type recent struct {
	mu      sync.Mutex
	results map[string][][]string
	order   []string
}

func newRecent() *recent { return &recent{results: map[string][][]string{}} }

func (r *recent) put(query string, results [][]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.results[query]; !known {
		r.order = append(r.order, query)
	}
	r.results[query] = results
	if len(r.order) > maxRecent {
		delete(r.results, r.order[0])
		r.order = append(r.order[:0], r.order[1:]...)
	}
}

// rank is where an ID stood in its list, from 1; 0 when that is not known.
func (r *recent) rank(query, id string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, ids := range r.results[query] {
		for i, known := range ids {
			if known == id {
				return i + 1
			}
		}
	}
	return 0
}
