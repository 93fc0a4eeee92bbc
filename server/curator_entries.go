package server

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"tongsou/corpus/store"
	"tongsou/server/curation"
)

// entriesAnswer is what is being worked on and what is in force.
type entriesAnswer struct {
	Draft     curation.Entries `json:"draft"`
	Published curation.Version `json:"published"`
	// Changed is the number of entries that differ.
	Changed int `json:"changed"`
}

func (c *curator) entries(ctx context.Context) (*entriesAnswer, error) {
	draft, err := c.store.Draft(ctx)
	if err != nil {
		return nil, err
	}
	now, err := c.store.Current(ctx)
	if err != nil {
		return nil, err
	}
	return &entriesAnswer{draft, now, len(curation.Differing(draft, now.Entries))}, nil
}

func (c *curator) getEntries(w http.ResponseWriter, r *http.Request, _ principal) error {
	answer, err := c.entries(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, answer)
}

// idOf takes a document's ID out of what was given: itself, or the address of its page.
func idOf(given string) string {
	given = strings.TrimSpace(given)
	for _, mark := range []string{"/items/", "/documents/"} {
		if _, id, ok := strings.Cut(given, mark); ok {
			id, _, _ = strings.Cut(id, "?")
			id, _, _ = strings.Cut(id, "#")
			return id
		}
	}
	return given
}

// keep puts an entry into the draft: a new one, or in the place of the one with its ID. The documents must be there.
func (c *curator) keep(ctx context.Context, who principal, e curation.Entry) (curation.Entry, error) {
	for i, id := range e.Documents {
		e.Documents[i] = idOf(id)
		if e.Documents[i] == "" {
			continue
		}
		if _, err := c.options.Library.Get(ctx, e.Documents[i]); errors.Is(err, store.ErrNotFound) {
			return e, &curation.FieldError{Field: "documents", Reason: "没有编号为 " + e.Documents[i] + " 的事项或文档；请从它的网页上复制网址"}
		} else if err != nil {
			return e, err
		}
	}
	if e.ID == 0 {
		return c.store.Add(ctx, who.Name, e)
	}
	return c.store.Replace(ctx, who.Name, e)
}

func (c *curator) addEntry(w http.ResponseWriter, r *http.Request, who principal) error {
	var e curation.Entry
	if err := readBody(w, r, &e); err != nil {
		return err
	}
	e.ID = 0
	e, err := c.keep(r.Context(), who, e)
	if err != nil {
		return err
	}
	return writeCreated(w, e)
}

func (c *curator) putEntry(w http.ResponseWriter, r *http.Request, who principal) error {
	var e curation.Entry
	if err := readBody(w, r, &e); err != nil {
		return err
	}
	if e.ID = pathID(r); e.ID <= 0 {
		return curation.ErrNotFound
	}
	e, err := c.keep(r.Context(), who, e)
	if err != nil {
		return err
	}
	return writeJSON(w, e)
}

func (c *curator) deleteEntry(w http.ResponseWriter, r *http.Request, who principal) error {
	if err := c.store.Remove(r.Context(), who.Name, pathID(r)); err != nil {
		return err
	}
	return noContent(w)
}

func (c *curator) dropDraft(w http.ResponseWriter, r *http.Request, who principal) error {
	if err := c.store.Drop(r.Context(), who.Name); err != nil {
		return err
	}
	return noContent(w)
}

// publish makes the draft count, when it is the one whose effect was looked at.
func (c *curator) publish(ctx context.Context, who principal, revision, note string) (curation.Version, error) {
	c.publishing.Lock()
	defer c.publishing.Unlock()
	if seen := c.measured.Load(); seen == nil || *seen != revision {
		return curation.Version{}, errUnmeasured
	}
	v, err := c.store.Publish(ctx, who.Name, revision, note)
	if err != nil {
		return v, err
	}
	return v, c.enforce(v)
}

// undo makes what stood before a version count again.
func (c *curator) undo(ctx context.Context, who principal, id int64) (curation.Version, error) {
	c.publishing.Lock()
	defer c.publishing.Unlock()
	v, err := c.store.Undo(ctx, who.Name, id)
	if err != nil {
		return v, err
	}
	return v, c.enforce(v)
}

// restore makes an earlier version, or one that was undone, count again.
func (c *curator) restore(ctx context.Context, who principal, current, to int64) (curation.Version, error) {
	c.publishing.Lock()
	defer c.publishing.Unlock()
	v, err := c.store.Restore(ctx, who.Name, current, to)
	if err != nil {
		return v, err
	}
	return v, c.enforce(v)
}

// maxVersions is the number of versions that are shown.
const maxVersions = 50

// versionsAnswer is what was published, and where undoing and doing again lead.
type versionsAnswer struct {
	curation.Steps
	Versions []curation.Version `json:"versions"`
}

func (c *curator) getVersions(w http.ResponseWriter, r *http.Request, _ principal) error {
	list, err := c.store.Versions(r.Context(), maxVersions)
	if err != nil {
		return err
	}
	steps, err := c.store.Steps(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, versionsAnswer{steps, orNone(list)})
}

func (c *curator) postVersion(w http.ResponseWriter, r *http.Request, who principal) error {
	var asked struct {
		Revision string `json:"revision"`
		Note     string `json:"note"`
	}
	if err := readBody(w, r, &asked); err != nil {
		return err
	}
	v, err := c.publish(r.Context(), who, asked.Revision, asked.Note)
	if err != nil {
		return err
	}
	return writeCreated(w, v)
}

func (c *curator) undoVersion(w http.ResponseWriter, r *http.Request, who principal) error {
	v, err := c.undo(r.Context(), who, pathID(r))
	if err != nil {
		return err
	}
	return writeJSON(w, v)
}

func (c *curator) restoreVersion(w http.ResponseWriter, r *http.Request, who principal) error {
	var asked struct {
		Current int64 `json:"current"`
	}
	if err := readBody(w, r, &asked); err != nil {
		return err
	}
	v, err := c.restore(r.Context(), who, asked.Current, pathID(r))
	if err != nil {
		return err
	}
	return writeJSON(w, v)
}
