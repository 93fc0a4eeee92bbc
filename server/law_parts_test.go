package server_test

import (
	"fmt"
	"strings"
	"testing"

	"tongsou/corpus"
)

// longRule is a rule of so many articles that its page comes in parts: each article has about 1.3 kB of text.
func longRule(articles int) *corpus.Document {
	d := &corpus.Document{ID: "rule-long", Kind: corpus.KindPolicy, Title: "示例市雪人长规则", Published: "2024-01-01"}
	for i := range articles {
		label := fmt.Sprintf("第%d条", i+1)
		chapter := fmt.Sprintf("第%d章 雪", i/40+1)
		d.Sections = append(d.Sections, corpus.Section{
			ID: fmt.Sprintf("a%d", i+1), Label: label, Path: []string{chapter},
			Text: fmt.Sprintf("这是%s。", label) + strings.Repeat(fmt.Sprintf("堆雪人要用第%d堆干净的雪。", i), 30),
		})
	}
	return d
}

// TestLongDocumentsComeInParts: every article stands on exactly one part, the contents lead to each from any of them, and
// an address may ask for the part that holds an article.
func TestLongDocumentsComeInParts(t *testing.T) {
	const articles = 400
	l := newLibrary(t, longRule(articles), &corpus.Document{
		ID: "rule-short", Kind: corpus.KindPolicy, Title: "示例市雪人短规则", Sections: []corpus.Section{{ID: "a1", Label: "第一条", Text: "雪人要白。"}},
	})
	first := get(l, "/documents/rule-long").Body.String()
	var pages []string
	for part := 1; part == 1 || strings.Contains(first, fmt.Sprintf(`?part=%d"`, part)); part++ {
		pages = append(pages, get(l, fmt.Sprintf("/documents/rule-long?part=%d", part)).Body.String())
	}
	if len(pages) < 3 {
		t.Fatalf("%d articles come in %d parts", articles, len(pages))
	}
	for i := range articles {
		anchor := fmt.Sprintf(`<section id="a%d"`, i+1)
		on := 0
		for _, page := range pages {
			if strings.Contains(page, anchor) {
				on++
			}
		}
		if on != 1 {
			t.Fatalf("article %d stands on %d parts", i+1, on)
		}
	}
	if !strings.Contains(first, `?part=2"`) || !strings.Contains(first, "下一部分") || strings.Contains(first, "上一部分") {
		t.Error("the first part does not lead on, or leads back")
	}
	if !strings.Contains(first, fmt.Sprintf("?part=%d#head-", len(pages))) {
		t.Error("the contents of the first part do not lead to the last")
	}
	if page := get(l, "/documents/rule-long?at=a399").Body.String(); !strings.Contains(page, `<section id="a399"`) {
		t.Error("the part that holds an article is not found by it")
	}
	if page := get(l, "/documents/rule-short?part=2").Body.String(); !strings.Contains(page, `<section id="a1"`) || strings.Contains(page, "部分") {
		t.Error("a short document comes in parts")
	}
}
