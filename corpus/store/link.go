package store

import "tongsou/corpus"

// sameKey is what tells that two sources speak of the same document although they give it different IDs.
func sameKey(d *corpus.Document) string {
	switch {
	case d.Item != nil && d.Item.TaskCode != "":
		return "task " + d.Item.TaskCode
	case d.Item != nil && d.Item.Code != "":
		return "code " + d.Item.Code + " " + d.Region + " " + d.Title
	case d.Kind == corpus.KindPolicy && d.Number != "":
		return "number " + d.Number + " " + d.Title
	}
	return ""
}

// link gives the source of d a share in another source's document that is the same, and returns its ID, empty when there is
// none. A document that is held by such shares alone, its own source being gone, makes way for d.
func (w *writer) link(d *corpus.Document, sum *Summary) (twin string, err error) {
	same := sameKey(d)
	if same == "" {
		return "", nil
	}
	twins, err := w.strings(`SELECT id FROM document WHERE same = ? AND same <> '' AND id <> ? AND body IS NOT NULL
		ORDER BY id`, same, d.ID)
	if err != nil {
		return "", err
	}
	var orphans []string
	for _, id := range twins {
		held, err := w.store.get(w.ctx, w.tx, id)
		if err != nil {
			return "", err
		}
		if held.Source.Name == d.Source.Name {
			continue // what one source tells apart are two documents
		}
		if own, err := w.strings("SELECT id FROM origin WHERE id = ? AND source = ?", id, held.Source.Name); err != nil {
			return "", err
		} else if len(own) > 0 {
			sum.Linked++
			return id, w.originate(id, d.Source)
		}
		orphans = append(orphans, id)
	}
	for _, id := range orphans {
		// A source that has both keeps the place where it has the one that goes.
		_, err := w.tx.ExecContext(w.ctx, "DELETE FROM origin WHERE id = ? AND source IN (SELECT source FROM origin WHERE id = ?)", d.ID, id)
		if err == nil {
			_, err = w.tx.ExecContext(w.ctx, "UPDATE origin SET id = ? WHERE id = ?", d.ID, id)
		}
		if err != nil {
			return "", err
		}
		if err := w.bury(id, sum); err != nil {
			return "", err
		}
	}
	return "", nil
}

// begins is the day from which a version counts among its family.
func begins(d *corpus.Document) corpus.Date {
	for _, date := range []corpus.Date{d.Effective, d.Published, d.Adopted} {
		if date != "" {
			return date
		}
	}
	return ""
}

// linkVersions sets Superseded of every version of a family to the day on which the next one begins.
func (w *writer) linkVersions(family string) error {
	ids, err := w.strings(`SELECT id FROM document WHERE family = ? AND family <> '' AND body IS NOT NULL
		ORDER BY begins, id`, family)
	if err != nil {
		return err
	}
	docs := make([]*corpus.Document, 0, len(ids))
	for _, id := range ids {
		d, err := w.store.get(w.ctx, w.tx, id)
		if err != nil {
			return err
		}
		docs = append(docs, d)
	}
	for i, d := range docs {
		next := corpus.Date("")
		for _, later := range docs[i+1:] {
			if begins(later) > begins(d) && begins(d) != "" {
				next = begins(later)
				break
			}
		}
		if d.Superseded == next {
			continue
		}
		d.Superseded = next
		var hash string
		if err := w.tx.QueryRowContext(w.ctx, "SELECT hash FROM document WHERE id = ?", d.ID).Scan(&hash); err != nil {
			return err
		}
		if err := w.write(d, hash); err != nil {
			return err
		}
	}
	return nil
}
