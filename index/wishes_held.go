package index

import (
	"slices"
	"strings"
	"sync"

	"tongsou/corpus"
)

// spokenDocuments are what people call the documents that they hold, folded; HeldDocument gives each its one name.
var spokenDocuments = []string{
	"身份证", "户口本", "户口簿", "营业执照", "社保卡", "社会保障卡", "医保卡", "结婚证", "离婚证", "出生医学证明", "出生证明", "出生证", "驾驶证", "驾照",
	"行驶证", "房产证", "不动产权证书", "不动产权证", "不动产证", "居住证", "毕业证", "学历证书", "学生证", "护照", "退伍证", "退役证", "残疾人证", "残疾证",
	"低保证", "死亡证明", "银行卡", "劳动合同", "购房合同", "租房合同", "租赁合同", "学位证",
}

// documentsSpoken gives each of them the name that the lists of materials are compared by.
var documentsSpoken = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	for _, s := range spokenDocuments {
		names[s], _ = HeldDocument(s)
	}
	return names
})

// What stands before a document that is held, and before one that is not. What is only said to exist (有身份证) may be a
// question; the words here say that it is in the hand.
var (
	holding = []string{
		"只有", "只有一张", "只有一本", "只有个", "就有", "光有", "仅有", "只带了", "只带", "就带了", "光带了", "带了", "带着", "手里有", "手上有", "手头有", "身上有",
		"我有", "拿着", "只拿了", "凭", "只剩", "只用", "光凭", "只凭", "只凭着", "就一张", "就一本", "只拿着",
	}
	lacking = []string{"没有", "没带", "没得", "没了", "还没有", "忘带", "忘带了", "忘记带", "忘记带了", "缺", "拿不出", "冇", "无", "还没办"}
)

// heldSpan is a document with the words that say that it is there or is not.
type heldSpan struct {
	span
	own      span   // what a chip takes out: within a list the document alone
	document string // as HeldDocument names it
	word     string
	lacks    bool
}

// heldWishes finds the documents that a query says the citizen has (我只有身份证和户口本) or has not (没有房产证).
func heldWishes(norm string) []wish {
	var list []wish
	for _, h := range heldIn(norm) {
		if slices.ContainsFunc(list, func(w wish) bool { return w.chip.Value == h.document }) {
			continue
		}
		w := wish{chip: Chip{Field: chipHolds, Value: h.document, Label: "手里有" + h.word}, words: []string{h.word}, role: silent}
		if h.lacks {
			w.chip.Field, w.chip.Label = chipLacks, "没有"+h.word
		}
		for _, same := range heldIn(norm) {
			if same.document == h.document {
				w.spans = append(w.spans, same.span)
			}
		}
		w.find = func(norm string) []span { return ownSpans(norm, h.document, h.lacks) }
		list = append(list, w)
	}
	return list
}

func ownSpans(norm, document string, lacks bool) []span {
	var spans []span
	for _, h := range heldIn(norm) {
		if h.document == document && h.lacks == lacks {
			spans = append(spans, h.own)
		}
	}
	return spans
}

// heldIn reads documents and what stands before them. A list of documents (身份证和户口本) shares what stands before it.
func heldIn(norm string) []heldSpan {
	var list []heldSpan
	end, state := 0, 0 // of the document before: where it ends, and 1 held, −1 lacking, 0 neither
	for _, s := range occurrences(norm, spokenDocuments) {
		before := norm[end:s.start]
		joined := end > 0 && slices.Contains(joints, before)
		lead := 0
		switch word := leadOf(before, lacking, holding); {
		case joined:
			lead = len(before)
		case word == "":
			state = 0
		default:
			lead, state = len(word), 1
			if slices.Contains(lacking, word) {
				state = -1
			}
		}
		end = s.end
		if document := documentsSpoken()[norm[s.start:s.end]]; document != "" && state != 0 && !gone(norm[s.end:]) {
			h := heldSpan{span: span{s.start - lead, s.end}, document: document, word: norm[s.start:s.end], lacks: state < 0}
			h.own = h.span
			if first := len(list) - 1; joined && first >= 0 && list[first].own == list[first].span {
				list[first].own = span{list[first].end - len(list[first].word), s.start} // the next one takes over what stands before
			}
			list = append(list, h)
		}
	}
	return list
}

// gone reports whether what follows a document says that it is lost or no longer good: then it is what is asked about.
func gone(after string) bool {
	return slices.ContainsFunc([]string{"丢", "掉", "到期", "过期", "坏", "不见", "被", "遗失", "失效", "损坏"}, func(w string) bool { return strings.HasPrefix(after, w) })
}

// joints stand between the documents of a list.
var joints = []string{"", "和", "跟", "与", "及", "、", "还有", "或", "或者", " "}

// leadOf returns the longest of the words that a text ends with.
func leadOf(text string, lists ...[]string) string {
	longest := ""
	for _, words := range lists {
		for _, w := range words {
			if len(w) > len(longest) && strings.HasSuffix(text, w) {
				longest = w
			}
		}
	}
	if longest == "没有" && strings.HasSuffix(text, "有没有") {
		return ""
	}
	return longest
}

// NoMaterials is the need of an item whose source lists no materials: nobody knows what it asks for.
const NoMaterials = "?"

// NeedValues writes a document's needs for a filter by what is held: of each need the known documents that will do, joined
// by |, or nothing but | where nobody keeps such a paper at home.
func NeedValues(d *corpus.Document) []string {
	switch {
	case d.Item == nil:
		return nil
	case len(d.Item.Materials) == 0:
		return []string{NoMaterials}
	}
	var values []string
	for _, n := range Needs(d.Item.Materials) {
		names := slices.DeleteFunc(slices.Clone(n), func(name string) bool { return !known(name) })
		if v := "|" + strings.Join(names, "|"); !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	return values
}

// Meets reports whether one of the documents held, by any of their names, meets a need that NeedValues wrote.
func Meets(need string, held []string) bool {
	for _, h := range held {
		name, ok := HeldDocument(h)
		if ok && slices.Contains(strings.Split(strings.TrimPrefix(need, "|"), "|"), name) {
			return true
		}
	}
	return false
}
