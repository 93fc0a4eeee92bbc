package server

import (
	"errors"
	"net/http"

	"tongsou/server/curation"
)

// ErrRebuilding says that a rebuild is under way, so that another is not begun.
var ErrRebuilding = errors.New("the index is being rebuilt")

// getUpkeep tells what /readyz tells, always with 200: who asks here wants to know, not to be sent elsewhere.
func (c *curator) getUpkeep(w http.ResponseWriter, r *http.Request, _ principal) error {
	answer, err := c.readiness(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, answer)
}

// postRebuild begins a rebuild of the index beside the one in use.
func (c *curator) postRebuild(w http.ResponseWriter, r *http.Request, who principal) error {
	if err := c.rebuild(r, who); err != nil {
		return err
	}
	answer, err := c.readiness(r.Context())
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	return writeJSON(w, answer)
}

func (c *curator) rebuild(r *http.Request, who principal) error {
	if c.options.Upkeep == nil {
		return errNoRoute
	}
	if err := c.options.Upkeep.Rebuild(); err != nil {
		return err
	}
	if c.store == nil {
		return nil
	}
	return c.store.Note(r.Context(), who.Name, curation.IndexRebuilt, "", nil, nil)
}

// rebuild takes the button of the desk's first page. That one is under way already is what whoever pressed it wants.
func (d *desk) rebuild(w http.ResponseWriter, r *http.Request) error {
	if err := d.curator.rebuild(r, whose(r)); err != nil && !errors.Is(err, ErrRebuilding) {
		return err
	}
	http.Redirect(w, r, "/staff", http.StatusSeeOther)
	return nil
}
