package reader_test

import (
	"fmt"
	"strings"
	"testing"

	"tongsou/corpus"
	"tongsou/corpus/reader"
)

// TestSections writes each section as ID label [path] text.
func TestSections(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"articles with their paragraphs", "第一章　总　则\n第一条　甲。\n乙。\n第二条之一　丙。", "a1 第一条 [第一章 总则] 甲。/乙。; a2-1 第二条之一 [第一章 总则] 丙。"},
		{"headings above paragraphs", "一、总体要求\n甲。\n（一）目标\n乙。\n二、措施\n丙。", "p1 [一、总体要求] 甲。; p2 [一、总体要求 （一）目标] 乙。; p3 [二、措施] 丙。"},
		{"a list looks like headings", "一、条件\n（一）有雪\n（二）有人\n二、材料\n1.照片", "p1 （一） [一、条件] 有雪; p2 （二） [一、条件] 有人; p3 [二、材料] 1.照片"},
		{"a list at the end", "二、条件\n（一）有雪\n（二）有人", "p1 （一） [二、条件] 有雪; p2 （二） [二、条件] 有人"},
		{"a sentence is no heading", "一、自一月一日起停止收费。\n二、办法另行制定；\n特此通告。", "p1 一 自一月一日起停止收费。; p2 二 办法另行制定；/特此通告。"},
		{"nothing but a heading", "一、条件", "p1 一 条件"},
		{"the same article twice", "第一条　甲。\n附件\n第一条　乙。", "a1 第一条 甲。/附件; a1.2 第一条 乙。"},
		{"chapters that only list", "第一章　总则\n第二章　附则\n第一条　甲。", "a1 第一条 [第二章 附则] 甲。"},
		{"Markdown marks", "# 甲\n## 乙\n丙。", "p1 [甲 乙] 丙。"},
		{"nothing", " \n　\n", ""},
	} {
		var got []string
		for _, s := range reader.Sections(c.text) {
			parts := []string{s.ID}
			if s.Label != "" {
				parts = append(parts, s.Label)
			}
			if len(s.Path) > 0 {
				parts = append(parts, fmt.Sprint(s.Path))
			}
			got = append(got, strings.Join(append(parts, strings.ReplaceAll(s.Text, "\n", "/")), " "))
		}
		if strings.Join(got, "; ") != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, strings.Join(got, "; "), c.want)
		}
	}
}

// An article that is cut more than once must still have sections with IDs of their own.
func TestVeryLongArticle(t *testing.T) {
	text := "第一条　甲。\n" + strings.Repeat(strings.Repeat("雪", 1500)+"\n", 10) + "第一条　乙。\n" + strings.Repeat(strings.Repeat("人", 1500)+"\n", 10)
	got := reader.Sections(text)
	sound(t, result{Documents: []*corpus.Document{{Sections: got}}}, true)
	size := 0
	for _, s := range got {
		size += strings.Count(s.Text, "雪") + strings.Count(s.Text, "人")
	}
	if size != 30000 || len(got) < 8 {
		t.Errorf("%d sections hold %d of 30000 characters", len(got), size)
	}
}

func TestParseLimit(t *testing.T) {
	for in, want := range map[string]string{
		"20个工作日": "20工作日", "20（工作日）": "20工作日", "２０个工作日": "20工作日", "20": "20工作日", "20天": "20自然日", "3个月": "90自然日",
		"1年": "365自然日", "即办": "即办", "当场办结": "即办", "0": "即办", "0个工作日": "即办", "2小时": "即办", "不定": "", "": "",
	} {
		l, ok := reader.ParseLimit(in)
		got := ""
		if ok && l.Instant {
			got = "即办"
		} else if ok {
			got = fmt.Sprint(l.Days, l.Unit)
		}
		if strings.ReplaceAll(got, " ", "") != want {
			t.Errorf("ParseLimit(%q) = %q, want %q", in, got, want)
		}
	}
}
