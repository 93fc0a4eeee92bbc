package server

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"tongsou/server/curation"
)

// shownVersions is the number of versions on the page; more are in the API.
const shownVersions = 20

// shownEntries is the number of entries that are told of one version, in a sentence each.
const shownEntries = 50

// versionRow is a published version: what it is beside the others, what it did, what it holds, and the step that leads to or
// from it.
type versionRow struct {
	curation.Version
	// Online says that it is in force, Mark what else there is to say: 内容同第 1 版.
	Online bool
	Mark   string
	// Sums are how many entries of each kind it holds; Did is how it differs from the version before it, Holds its entries.
	Sums       string
	Did, Holds []string
	Step       *versionStep
}

// versionStep is what a button below a version does. It is confirmed first: what it changes for citizens stands beside the
// second button.
type versionStep struct {
	Label, Sure, Says string
	Action            string // undo or restore
	ID, Current       int64
	Changes           []string
}

// versions lists what was published, with where undoing and doing again lead.
func (d *desk) versions(r *http.Request, v *entriesView) error {
	list, err := d.options.Curation.Versions(r.Context(), shownVersions+1)
	if err != nil {
		return err
	}
	steps, err := d.options.Curation.Steps(r.Context())
	if err != nil || len(list) == 0 {
		return err
	}
	for i, one := range list[:min(len(list), shownVersions)] {
		before := curation.Entries{}
		if i+1 < len(list) {
			before = list[i+1].Entries
		}
		row := versionRow{Version: one, Online: one.ID == steps.Current, Sums: sums(one.Entries), Did: d.pending(r, one.Entries, before), Holds: d.sentences(r, one.Entries)}
		switch undone := steps.Redo != nil && *steps.Redo == one.ID; {
		case one.Of == 0:
			row.Mark = "一条也没有，同第一次发布之前"
		case one.Of != one.ID:
			row.Mark = fmt.Sprintf("内容同第 %d 版", one.Of)
		case undone:
			row.Mark = "已撤销"
		}
		row.Step = d.step(r, list, one, steps)
		v.Versions = append(v.Versions, row)
	}
	return nil
}

// step is what can be done with a version: undo the one in force, do again what was undone last, restore another. Of versions
// with the same content the first is the one that is offered.
func (d *desk) step(r *http.Request, list []curation.Version, one curation.Version, steps curation.Steps) *versionStep {
	now := list[0]
	if one.ID == steps.Current {
		if steps.Undo == nil {
			return nil
		}
		s := &versionStep{Label: "撤销这一版", Sure: "确定撤销", Says: "撤销后，线上会回到第一次发布之前，一条也不剩。", Action: "undo", ID: one.ID, Current: one.ID}
		to := curation.Entries{}
		if *steps.Undo > 0 {
			s.Says = fmt.Sprintf("撤销后，线上会回到第 %d 版。", *steps.Undo)
			at := slices.IndexFunc(list, func(o curation.Version) bool { return o.Of == *steps.Undo })
			if at < 0 { // older than what is shown
				return s
			}
			to = list[at].Entries
		}
		s.Changes = d.pending(r, to, now.Entries)
		return s
	}
	if one.Of != one.ID || one.Of == now.Of {
		return nil
	}
	s := &versionStep{
		Label: "恢复这一版", Sure: "确定恢复", Says: fmt.Sprintf("线上会换成第 %d 版的内容。", one.ID),
		Action: "restore", ID: one.ID, Current: now.ID, Changes: d.pending(r, one.Entries, now.Entries),
	}
	if steps.Redo != nil && *steps.Redo == one.ID {
		s.Label, s.Sure = "重做这一版", "确定重做"
	}
	return s
}

// pending says in sentences how entries differ from those before them.
func (d *desk) pending(r *http.Request, entries, before curation.Entries) []string {
	var list []string
	for _, gone := range d.sentences(r, curation.Without(before, entries)) {
		list = append(list, "取消"+gone)
	}
	for _, added := range d.sentences(r, curation.Without(entries, before)) {
		list = append(list, "加上"+added)
	}
	return list
}

// sentences are entries in a sentence each, at most shownEntries.
func (d *desk) sentences(r *http.Request, entries curation.Entries) []string {
	var list []string
	for _, e := range entries[:min(len(entries), shownEntries)] {
		list = append(list, d.describe(r, e))
	}
	if more := len(entries) - shownEntries; more > 0 {
		list = append(list, fmt.Sprintf("…还有 %d 条", more))
	}
	return list
}

// sums says how many entries of each kind there are: 近义词 2 条，置顶 1 条.
func sums(entries curation.Entries) string {
	var list []string
	for _, k := range kindViews() {
		n := 0
		for _, e := range entries {
			if e.Kind == k.Kind {
				n++
			}
		}
		if n > 0 {
			list = append(list, fmt.Sprintf("%s %d 条", k.Label, n))
		}
	}
	return strings.Join(list, "，")
}

func (d *desk) undoEntries(w http.ResponseWriter, r *http.Request) error {
	id, _ := strconv.ParseInt(r.PostForm.Get("id"), 10, 64) // what is no number is no version
	if _, err := d.curator.undo(r.Context(), whose(r), id); err != nil {
		return err
	}
	http.Redirect(w, r, "/staff/entries#versions", http.StatusSeeOther)
	return nil
}

func (d *desk) restoreEntries(w http.ResponseWriter, r *http.Request) error {
	id, _ := strconv.ParseInt(r.PostForm.Get("id"), 10, 64)           // what is no number is the state before the first
	current, _ := strconv.ParseInt(r.PostForm.Get("current"), 10, 64) // what is no number is not the version in force
	if _, err := d.curator.restore(r.Context(), whose(r), current, id); err != nil {
		return err
	}
	http.Redirect(w, r, "/staff/entries#versions", http.StatusSeeOther)
	return nil
}
