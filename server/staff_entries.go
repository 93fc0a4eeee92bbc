package server

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/server/curation"
)

// kindView is one kind of entry in the words of the staff.
type kindView struct {
	Kind                     curation.Kind
	Label, Note, Text, Empty string
}

// kindViews are the kinds of entries with what each is for.
func kindViews() []kindView {
	return []kindView{
		{curation.Synonym, "近义词", "群众的说法与规范用语对上号：搜前一个，也会找到后一个。", "群众的说法", "还没有添加过近义词。"},
		{curation.Pin, "置顶", "搜这个词时，指定的事项或文件排在最前，并注明“本站置顶”。到期自动取消。", "搜索词", "还没有置顶过。"},
		{curation.Hide, "隐藏", "搜这个词时不出现；不写搜索词，则怎么搜都不出现。网页本身还在，知道网址仍能打开。", "搜索词（不写为全部）", "还没有隐藏过。"},
		{curation.Deny, "不提示", "输入时的提示与首页的常搜里，不出现带有这些字的名称。", "不提示的字", "还没有设过。"},
	}
}

// formRoutes adds what the desk's forms are sent to. A form of another site is refused.
func (d *desk) formRoutes(r *mux.Router) {
	for _, f := range []struct {
		path   string
		role   curation.Role
		handle handler
	}{
		{"/staff/entries", curation.Editor, d.saveEntry},
		{"/staff/entries/remove", curation.Editor, d.removeEntry},
		{"/staff/entries/drop", curation.Editor, d.dropEntries},
		{"/staff/entries/publish", curation.Editor, d.publishEntries},
		{"/staff/entries/undo", curation.Editor, d.undoEntries},
		{"/staff/entries/restore", curation.Editor, d.restoreEntries},
		{"/staff/proposals", curation.Editor, d.decideProposal},
		{"/staff/keys", curation.Owner, d.makeKey},
		{"/staff/keys/revoke", curation.Owner, d.revokeKey},
	} {
		r.Handle(f.path, smallForm(d.handle(form(d.guarded(f.role, f.handle))))).Methods(http.MethodPost)
	}
}

// entriesView shows the entries of one kind, a form for one, and what was published.
type entriesView struct {
	staffView
	Kind     kindView
	Tabs     []choice
	Rows     []entryRow
	Turner   turner
	Form     entryForm
	Wrong    string
	Changed  int
	Lost     []string // what dropping the draft would lose, each in a sentence
	Versions []versionRow
}

type entryRow struct {
	curation.Entry
	Documents []choice
	// State says whether the entry is in force, and a pin's days: 未发布, 已到期 …
	State string
	Old   bool // the state means that it does nothing now
	Edit  string
}

// entryForm is what stands in the form.
type entryForm struct {
	ID                                 int64
	Text, Term, Documents, From, Until string
	Weight, Note                       string
	WithTerm, WithDocuments, WithDays  bool
}

func (d *desk) entriesPage(w http.ResponseWriter, r *http.Request) error {
	return d.showEntries(w, r, http.StatusOK, r.URL.Query().Get("kind"), nil, "")
}

// showEntries writes the page. filled is what was sent when something was wrong with it.
func (d *desk) showEntries(w http.ResponseWriter, r *http.Request, status int, kind string, filled *entryForm, wrong string) error {
	now, err := d.curator.entries(r.Context())
	if err != nil {
		return err
	}
	v := &entriesView{staffView: d.view(r), Kind: kindViews()[0], Changed: now.Changed, Wrong: wrong}
	v.Lost = d.pending(r, now.Draft, now.Published.Entries)
	counts := map[curation.Kind]int{}
	for _, e := range now.Draft {
		counts[e.Kind]++
	}
	for _, k := range kindViews() {
		if string(k.Kind) == kind {
			v.Kind = k
		}
	}
	for _, k := range kindViews() {
		v.Tabs = append(v.Tabs, choice{Label: k.Label, Link: "/staff/entries?kind=" + string(k.Kind), On: k.Kind == v.Kind.Kind, Count: counts[k.Kind]})
	}
	asked := r.URL.Query() // what another page of the desk fills in
	v.Form = entryForm{Text: asked.Get("text"), Documents: asked.Get("documents")}
	var shown curation.Entries
	for _, e := range slices.Backward(now.Draft) {
		if e.Kind == v.Kind.Kind {
			shown = append(shown, e)
		}
		if e.Kind == v.Kind.Kind && r.Method != http.MethodPost && strconv.FormatInt(e.ID, 10) == r.URL.Query().Get("edit") {
			v.Form = entryFormOf(e)
		}
	}
	if filled != nil {
		v.Form = *filled
	}
	v.Form.WithTerm, v.Form.WithDocuments = v.Kind.Kind == curation.Synonym, v.Kind.Kind == curation.Pin || v.Kind.Kind == curation.Hide
	v.Form.WithDays = v.Kind.Kind == curation.Pin
	t, from, to := turn(r, len(shown), staffPageSize)
	v.Turner = t
	for _, e := range shown[from:to] {
		v.Rows = append(v.Rows, d.entryRow(r, e, now.Published.Entries))
	}
	if err := d.versions(r, v); err != nil {
		return err
	}
	return d.pages.write(w, status, "staff_entries.html", v)
}

func entryFormOf(e curation.Entry) entryForm {
	f := entryForm{ID: e.ID, Text: e.Text, Term: e.Term, Documents: strings.Join(e.Documents, "\n"), From: string(e.From), Until: string(e.Until), Note: e.Note}
	if e.Weight > 0 {
		f.Weight = strconv.FormatFloat(e.Weight, 'g', -1, 64)
	}
	return f
}

func (d *desk) entryRow(r *http.Request, e curation.Entry, published curation.Entries) entryRow {
	row := entryRow{Entry: e, Edit: fmt.Sprintf("/staff/entries?kind=%s&edit=%d#form", e.Kind, e.ID)}
	for _, id := range e.Documents {
		row.Documents = append(row.Documents, d.named(r, id))
	}
	today := d.today()
	switch {
	case len(curation.Differing(curation.Entries{e}, only(published, e.ID))) > 0:
		row.State = "未发布"
	case e.Until != "" && e.Until < today:
		row.State, row.Old = "已到期", true
	case e.From != "" && e.From > today:
		row.State, row.Old = "未到日子", true
	default:
		row.State = "生效中"
	}
	return row
}

func only(entries curation.Entries, id int64) curation.Entries {
	return slices.DeleteFunc(slices.Clone(entries), func(e curation.Entry) bool { return e.ID != id })
}

// named leads to a document by its name; one that is gone is named by its ID.
func (d *desk) named(r *http.Request, id string) choice {
	doc, err := d.options.Library.Get(r.Context(), id)
	if err != nil {
		return choice{Label: id + "（已不在库里）"}
	}
	label := doc.Title
	if doc.Region != "" {
		label += "（" + index.RegionName(doc.Region) + "）"
	}
	return choice{Label: label, Link: documentLink(doc.Kind, doc.ID)}
}

// saveEntry takes the form. What is wrong is said above it, and what was written stays in it.
func (d *desk) saveEntry(w http.ResponseWriter, r *http.Request) error {
	f := r.PostForm
	kind := f.Get("kind")
	filled := entryForm{Text: f.Get("text"), Term: f.Get("term"), Documents: f.Get("documents"), From: f.Get("from"), Until: f.Get("until"), Weight: f.Get("weight"), Note: f.Get("note")}
	filled.ID, _ = strconv.ParseInt(f.Get("id"), 10, 64) // what is no number is a new entry
	e := curation.Entry{ID: filled.ID, Kind: curation.Kind(kind), Text: filled.Text, Term: filled.Term, Documents: strings.Fields(filled.Documents),
		From: corpus.Date(strings.TrimSpace(filled.From)), Until: corpus.Date(strings.TrimSpace(filled.Until)), Note: filled.Note}
	var err error
	if weight := strings.TrimSpace(filled.Weight); weight != "" {
		if e.Weight, err = strconv.ParseFloat(weight, 64); err != nil {
			err = &curation.FieldError{Field: "weight", Reason: "应为 0 到 1 之间的数"}
		}
	}
	if err == nil {
		_, err = d.curator.keep(r.Context(), whose(r), e)
	}
	if wrong := (*curation.FieldError)(nil); errors.As(err, &wrong) {
		return d.showEntries(w, r, http.StatusBadRequest, kind, &filled, fieldLabel(wrong.Field)+"："+wrong.Reason)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/staff/entries?"+url.Values{"kind": {kind}}.Encode(), http.StatusSeeOther)
	return nil
}

// fieldLabel is what a field of an entry is called on the page.
func fieldLabel(field string) string {
	labels := map[string]string{"text": "词", "term": "规范用语", "documents": "事项或文件", "from": "第一天", "until": "最后一天", "weight": "分量", "note": "备注",
		"kind": "类别", "name": "用途", "role": "权限", "days": "有效天数", "query": "搜索词"}
	if label, ok := labels[field]; ok {
		return label
	}
	return field
}

func (d *desk) removeEntry(w http.ResponseWriter, r *http.Request) error {
	id, _ := strconv.ParseInt(r.PostForm.Get("id"), 10, 64) // what is no number is no entry
	if err := d.options.Curation.Remove(r.Context(), whose(r).Name, id); err != nil {
		return err
	}
	http.Redirect(w, r, "/staff/entries?"+url.Values{"kind": {r.PostForm.Get("kind")}}.Encode(), http.StatusSeeOther)
	return nil
}

func (d *desk) dropEntries(w http.ResponseWriter, r *http.Request) error {
	if err := d.options.Curation.Drop(r.Context(), whose(r).Name); err != nil {
		return err
	}
	http.Redirect(w, r, "/staff/entries", http.StatusSeeOther)
	return nil
}

// effectView shows what publishing would change.
type effectView struct {
	staffView
	*effect
	Pending []string // the entries that publishing adds or takes away, each in a sentence
	Rows    []effectRow
}

type effectRow struct {
	answerChange
	Label, Link   string
	Before, After choice
}

func (d *desk) effectPage(w http.ResponseWriter, r *http.Request) error {
	now, err := d.curator.entries(r.Context())
	if err != nil {
		return err
	}
	e, err := d.curator.measure(r.Context())
	if err != nil {
		return err
	}
	v := &effectView{staffView: d.view(r), effect: e}
	v.Title = "发布前看影响"
	v.Pending = d.pending(r, now.Draft, now.Published.Entries)
	for _, c := range e.Changes {
		row := effectRow{answerChange: c, Label: index.KindLabel(c.Kind), Link: "/staff/search?" + url.Values{"q": {c.Query}}.Encode(), Before: hitChoice(c.Kind, c.Before), After: hitChoice(c.Kind, c.After)}
		v.Rows = append(v.Rows, row)
	}
	return d.pages.write(w, http.StatusOK, "staff_effect.html", v)
}

// describe is an entry in a sentence.
func (d *desk) describe(r *http.Request, e curation.Entry) string {
	var names []string
	for _, id := range e.Documents {
		names = append(names, d.named(r, id).Label)
	}
	documents := strings.Join(names, "、")
	switch e.Kind {
	case curation.Synonym:
		return fmt.Sprintf("近义词：%s → %s", e.Text, e.Term)
	case curation.Pin:
		days := ""
		if e.From != "" || e.Until != "" {
			days = fmt.Sprintf("（%s 至 %s）", orWords(string(e.From), "现在"), orWords(string(e.Until), "一直"))
		}
		return fmt.Sprintf("置顶：搜“%s”先出现%s%s", e.Text, documents, days)
	case curation.Hide:
		where := "怎么搜"
		if e.Text != "" {
			where = "搜“" + e.Text + "”"
		}
		return fmt.Sprintf("隐藏：%s都不出现%s", where, documents)
	default:
		return "不提示：" + e.Text
	}
}

func orWords(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func hitChoice(kind corpus.Kind, h firstHit) choice {
	if h.ID == "" {
		return choice{Label: "没有结果"}
	}
	label := h.Title
	if h.Place != "" {
		label += "（" + h.Place + "）"
	}
	if !h.Sure {
		label += "，没把握"
	}
	return choice{Label: label, Link: documentLink(kind, h.ID)}
}

func (d *desk) publishEntries(w http.ResponseWriter, r *http.Request) error {
	if _, err := d.curator.publish(r.Context(), whose(r), r.PostForm.Get("revision"), r.PostForm.Get("note")); err != nil {
		return err
	}
	http.Redirect(w, r, "/staff/entries", http.StatusSeeOther)
	return nil
}
