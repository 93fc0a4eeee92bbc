package index

import "time"

// Health is what an engine knows of its own soundness.
type Health struct {
	// Faults names what is damaged or in doubt. What is left answers, unless Blind is set; a rebuild mends all of it.
	Faults []string `json:"faults,omitempty"`
	// Blind says that nothing of the index is sound, so that no search can be answered before it is rebuilt.
	Blind bool `json:"blind,omitempty"`
	// Rebuild is the rebuild under way, or the last one of this process; nil when there was none.
	Rebuild *Rebuild `json:"rebuild,omitempty"`
}

// Rebuild is how far a rebuild is.
type Rebuild struct {
	Running bool `json:"running"`
	// Documents is the number of changes written to the new index, Sequence the last of them; the store's own sequence is
	// where it ends.
	Documents int        `json:"documents"`
	Sequence  uint64     `json:"sequence"`
	Started   time.Time  `json:"started"`
	Finished  *time.Time `json:"finished,omitempty"`
	// Error says why it failed; the index from before is still in use then.
	Error string `json:"error,omitempty"`
}
