package index

import (
	"regexp"
	"strings"

	"tongsou/corpus"
)

// Evidence is a place where a document says one thing twice: in people's or in a text's words, and by its name.
type Evidence struct {
	// Doc numbers the document; the evidence of one document comes together. Family is what different versions, articles
	// and offices of one thing have in common: twenty copies of an item are no more than one.
	Doc    int
	Family string
	Named  string
	Said   []Said
}

// Said is a text beside a name, with how far it is to be trusted, above 0 and at most 1.
type Said struct {
	Text  string
	Trust float64
}

// How far texts beside a name are trusted to mean the same: people's words for it most, running text least.
const (
	trustEveryday  = 1.0
	trustQuestion  = 0.9
	trustCondition = 0.6
	trustBasis     = 0.5
	trustSection   = 0.4
)

// The lines of itemBody that are learned from, by their labels.
var learnedLines = map[string]float64{"问": trustQuestion, "受理条件": trustCondition, "申请材料": trustCondition}

// basisLabel is the label of the line of itemBody that names the legal basis.
const basisLabel = "设定依据"

// learnedBytes bounds what is read of one text: what it is about stands at its beginning.
const learnedBytes = 480

// Citation is an article of a law that an item rests on.
type Citation struct{ Law, Article string }

var reCited = regexp.MustCompile(`《([^《》]{2,60})》([^《》；]{0,24})`)

// Citations reads the legal basis from an item's text. Law is squashed, as a policy's names are indexed; Article is a
// section ID.
func Citations(body string) []Citation {
	var list []Citation
	for line := range strings.Lines(body) {
		rest, ok := strings.CutPrefix(line, basisLabel+"：")
		if !ok {
			continue
		}
		for _, m := range reCited.FindAllStringSubmatch(rest, -1) {
			if a, _, _, ok := corpus.FindArticle(m[2]); ok {
				list = append(list, Citation{Squash(m[1]), a.ID()})
			}
		}
	}
	return list
}

// ItemEvidence is what an item says of itself: its everyday names, questions, conditions and materials, and the articles
// that it rests on, beside its name.
func ItemEvidence(doc int, m *Meta, body string, articles []string) Evidence {
	e := Evidence{Doc: doc, Family: family(m), Named: withoutNotes(m.Title), Said: []Said{{strings.Join(m.Everyday, "\n"), trustEveryday}}}
	for line := range strings.Lines(body) {
		if label, text, ok := strings.Cut(line, "："); ok && learnedLines[label] > 0 {
			e.Said = append(e.Said, Said{beginning(text), learnedLines[label]})
		}
	}
	for _, text := range articles {
		e.Said = append(e.Said, Said{beginning(text), trustBasis})
	}
	return e
}

// TextEvidence is what a section of a policy, or a piece of news, says beside its title and headings. A reply that
// restates the question says it beside its answer. News that does not is no evidence: its headlines name nothing.
func TextEvidence(doc int, m *Meta, ref *SectionRef, body string) (Evidence, bool) {
	if question, answer, ok := Restated(body); ok {
		return Evidence{doc, question, beginning(answer), []Said{{question, trustQuestion}}}, true
	}
	if m.Kind == corpus.KindNews || m.Title == "" || body == "" {
		return Evidence{}, false
	}
	e := Evidence{doc, family(m), withoutNotes(m.Title), []Said{{beginning(body), trustSection}}}
	if ref != nil {
		e.Named += "\n" + strings.Join(ref.Path, "\n")
	}
	return e, true
}

var reBracketed = regexp.MustCompile(`[（(〔\[][^（()）〔〕\[\]]*[）)〕\]]`)

// withoutNotes is a title without what stands in brackets: （示例）, （2019年修正）, （市级）.
func withoutNotes(title string) string { return reBracketed.ReplaceAllString(title, " ") }

// family is a document's family, else its title without an article's number.
func family(m *Meta) string {
	if m.Family != "" {
		return m.Family
	}
	title := strings.TrimSpace(withoutNotes(m.Title))
	if _, start, _, ok := corpus.FindArticle(title); ok && start > 0 {
		return strings.TrimSpace(title[:start])
	}
	return title
}

// A reply says which question it answers before it answers: 您反映的“…”的问题收悉，现答复如下.
var (
	reReply    = regexp.MustCompile(`(?:答复|回复)(?:如下|内容如下|[:：])`)
	reQuestion = regexp.MustCompile(`(?:反映|咨询|提出|留言|询问|提问|关于)的?[“"]([^“”"\n]{4,60})[”"]|(?:反映|咨询|询问|关于)(?:的|您)?([^“”"，。；：,;:\n]{4,60}?)(?:的?问题|的?来信|的?留言|一事)`)
)

// replyBytes is how far into a text the answer begins at the latest.
const replyBytes = 900

// Restated finds the question that a reply restates, and its answer.
func Restated(body string) (question, answer string, ok bool) {
	head := clipBytes(body, replyBytes)
	at := reReply.FindStringIndex(head)
	if at == nil {
		return "", "", false
	}
	m := reQuestion.FindStringSubmatch(head[:at[0]])
	if m == nil {
		return "", "", false
	}
	return m[1] + m[2], strings.TrimLeft(body[at[1]:], ":： \n"), true
}

func beginning(text string) string { return clipBytes(text, learnedBytes) }

// clipBytes cuts a text to at most n bytes, between characters.
func clipBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
