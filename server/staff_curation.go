package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tongsou/server/curation"
)

// proposalsView shows the queries that an entry of the lexicon may help.
type proposalsView struct {
	staffView
	Off       bool // the journal is switched off
	Days      int
	Proposals []proposalRow
	Wrong     string
}

type proposalRow struct {
	proposal
	Field string // its form's own name on the page
	Link  string
	Seen  []choice
}

func (d *desk) proposalsPage(w http.ResponseWriter, r *http.Request) error {
	return d.showProposals(w, r, http.StatusOK, "")
}

func (d *desk) showProposals(w http.ResponseWriter, r *http.Request, status int, wrong string) error {
	v := &proposalsView{staffView: d.view(r), Off: d.options.Journal == nil, Days: proposalDays, Wrong: wrong}
	list, err := d.curator.proposals(r.Context())
	if err != nil {
		return err
	}
	for i, p := range list {
		row := proposalRow{proposal: p, Field: fmt.Sprintf("term-%d", i), Link: "/staff/search?" + url.Values{"q": {p.Query}}.Encode()}
		for _, o := range p.Opened {
			seen := d.named(r, o.ID)
			seen.Count = o.Times
			row.Seen = append(row.Seen, seen)
		}
		v.Proposals = append(v.Proposals, row)
	}
	return d.pages.write(w, status, "staff_proposals.html", v)
}

// decideProposal takes the form of one proposal: accepted with a term, or dismissed.
func (d *desk) decideProposal(w http.ResponseWriter, r *http.Request) error {
	made := decision{Query: r.PostForm.Get("query")}
	if r.PostForm.Get("do") == "accept" {
		if made.Term = strings.TrimSpace(r.PostForm.Get("term")); made.Term == "" {
			return d.showProposals(w, r, http.StatusBadRequest, "请写明规范用语，再采纳。")
		}
	}
	_, err := d.curator.decide(r.Context(), whose(r), made)
	if wrong := (*curation.FieldError)(nil); errors.As(err, &wrong) {
		return d.showProposals(w, r, http.StatusBadRequest, fieldLabel(wrong.Field)+"："+wrong.Reason)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/staff/proposals", http.StatusSeeOther)
	return nil
}

// changesView is the log.
type changesView struct {
	staffView
	Rows []changeRow
	More string
}

type changeRow struct {
	curation.Change
	Says string
}

// changesPageSize is the number of lines of the log on one page.
const changesPageSize = 50

// actionLabels are the actions in the words of the staff.
var actionLabels = map[curation.Action]string{
	curation.KeyCreated: "新建钥匙", curation.KeyRevoked: "收回钥匙", curation.EntryAdded: "添加", curation.EntryChanged: "修改", curation.EntryRemoved: "删除",
	curation.Published: "发布", curation.Undone: "撤销", curation.Restored: "恢复", curation.DraftDropped: "放弃草稿", curation.ProposalTaken: "采纳建议", curation.ProposalDropped: "不采纳建议",
	curation.DocumentsPut: "写入文档", curation.DocumentsDeleted: "删除文档", curation.IndexRebuilt: "重建索引",
}

func (d *desk) changesPage(w http.ResponseWriter, r *http.Request) error {
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64) // what is no number is the newest
	list, err := d.options.Curation.Changes(r.Context(), max(before, 0), changesPageSize+1)
	if err != nil {
		return err
	}
	v := &changesView{staffView: d.view(r)}
	if len(list) > changesPageSize {
		list = list[:changesPageSize]
		v.More = fmt.Sprintf("/staff/changes?before=%d", list[len(list)-1].ID)
	}
	for _, c := range list {
		c.Before, c.After, c.Subject = d.plain(r, c.Before), d.plain(r, c.After), plainSubject(c.Subject)
		row := changeRow{c, string(c.Action)}
		if says, ok := actionLabels[c.Action]; ok {
			row.Says = says
		}
		v.Rows = append(v.Rows, row)
	}
	return d.pages.write(w, http.StatusOK, "staff_changes.html", v)
}

// plain says one side of a change in words where it is entries, and as it stands where it is something else.
func (d *desk) plain(r *http.Request, raw string) string {
	var list curation.Entries
	var one curation.Entry
	var key curation.Key
	switch {
	case raw == "":
		return ""
	case json.Unmarshal([]byte(raw), &list) == nil:
	case json.Unmarshal([]byte(raw), &one) == nil && one.Kind != "":
		list = curation.Entries{one}
	case json.Unmarshal([]byte(raw), &key) == nil && key.Role != "":
		return key.Name + "，" + roleLabel(key.Role) + "，" + keyState(key, d.options.Now())
	default:
		return clipText(raw)
	}
	var lines []string
	for i, e := range list {
		if i == 20 {
			lines = append(lines, fmt.Sprintf("…共 %d 条", len(list)))
			break
		}
		lines = append(lines, d.describe(r, e))
	}
	return strings.Join(lines, "\n")
}

// plainSubject says what was changed in words.
func plainSubject(subject string) string {
	if id, ok := strings.CutPrefix(subject, "entry "); ok {
		return "第 " + id + " 条"
	}
	if id, ok := strings.CutPrefix(subject, "version "); ok {
		return "第 " + id + " 版"
	}
	if subject == "draft" {
		return "草稿"
	}
	return subject
}

// keysView shows the keys, and once the secret of one that was just made.
type keysView struct {
	staffView
	Keys          []keyRow
	Secret, Wrong string
	Form          curation.NewKey
	Roles         []roleChoice
}

type keyRow struct {
	curation.Key
	Label, State string
	Works        bool
}

type roleChoice struct {
	Role  curation.Role
	Label string
}

// roleChoices are the roles in the words of the staff.
func roleChoices() []roleChoice {
	return []roleChoice{{curation.Reader, "查看"}, {curation.Editor, "修改"}, {curation.Owner, "管理"}}
}

func roleLabel(role curation.Role) string {
	for _, c := range roleChoices() {
		if c.Role == role {
			return c.Label
		}
	}
	return string(role)
}

func (d *desk) keysPage(w http.ResponseWriter, r *http.Request) error {
	return d.showKeys(w, r, http.StatusOK, &keysView{})
}

func (d *desk) showKeys(w http.ResponseWriter, r *http.Request, status int, v *keysView) error {
	v.staffView, v.Roles = d.view(r), roleChoices()
	keys, err := d.options.Curation.Keys(r.Context())
	if err != nil {
		return err
	}
	now := d.options.Now()
	for _, k := range keys {
		row := keyRow{Key: k, Label: roleLabel(k.Role), Works: k.Works(now), State: keyState(k, now)}
		v.Keys = append(v.Keys, row)
	}
	return d.pages.write(w, status, "staff_keys.html", v)
}

func keyState(k curation.Key, now time.Time) string {
	switch {
	case !k.Revoked.IsZero():
		return k.Revoked.Format(time.DateOnly) + " 收回"
	case !k.Works(now):
		return k.Expires.Format(time.DateOnly) + " 到期"
	case k.Expires.IsZero():
		return "一直有效"
	}
	return "到 " + k.Expires.Format(time.DateOnly)
}

// makeKey makes a key and shows its secret, which no later page does.
func (d *desk) makeKey(w http.ResponseWriter, r *http.Request) error {
	n := curation.NewKey{Name: r.PostForm.Get("name"), Role: curation.Role(r.PostForm.Get("role"))}
	var err error
	if days := strings.TrimSpace(r.PostForm.Get("days")); days != "" {
		if n.Days, err = strconv.Atoi(days); err != nil {
			n.Days = -1 // which is refused below, with what is wrong
		}
	}
	_, secret, err := d.options.Curation.CreateKey(r.Context(), whose(r).Name, n)
	if wrong := (*curation.FieldError)(nil); errors.As(err, &wrong) {
		return d.showKeys(w, r, http.StatusBadRequest, &keysView{Wrong: fieldLabel(wrong.Field) + "：" + wrong.Reason, Form: n})
	}
	if err != nil {
		return err
	}
	return d.showKeys(w, r, http.StatusOK, &keysView{Secret: secret})
}

func (d *desk) revokeKey(w http.ResponseWriter, r *http.Request) error {
	if err := d.options.Curation.Revoke(r.Context(), whose(r).Name, r.PostForm.Get("id")); err != nil {
		return err
	}
	http.Redirect(w, r, "/staff/keys", http.StatusSeeOther)
	return nil
}
