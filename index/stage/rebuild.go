package stage

import (
	"sync"

	"tongsou/index"
)

// Progress is how far the latest rebuild is. The zero Progress knows of none.
type Progress struct {
	mu   sync.Mutex
	last *index.Rebuild
}

// Set changes what is known of the rebuild.
func (p *Progress) Set(change func(*index.Rebuild)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil {
		p.last = new(index.Rebuild)
	}
	change(p.last)
}

// Copy is the rebuild as it is now, nil before the first.
func (p *Progress) Copy() *index.Rebuild {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil {
		return nil
	}
	c := *p.last
	return &c
}
