package server

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// partBytes is the length of text in bytes above which a document is shown in parts. A page of that much law is some 45 KB
// when transferred; the longest judicial interpretations would take 90 KB, a wait of seconds on a slow line.
const partBytes = 110 << 10

// partsOf cuts sections into parts of about partBytes, as the numbers of the sections that begin one: the first is 0. A part
// begins with a heading where one is near.
func partsOf(sections []sectionView) []int {
	begins := []int{0}
	length := 0
	for i, s := range sections {
		n := 0
		for _, p := range s.Paragraphs {
			n += len(p)
		}
		if i > 0 && (length+n > partBytes || length > partBytes*3/4 && len(s.Heads) > 0) {
			begins = append(begins, i)
			length = 0
		}
		length += n
	}
	return begins
}

// parts cuts a long document down to the part that a request asks for, by its number (part=2) or by a section in it
// (at=a58), and makes the links to the others. A short document stays whole.
func (v *documentView) parts(values url.Values) {
	begins := partsOf(v.Sections)
	if len(begins) == 1 {
		return
	}
	ends := append(slices.Clone(begins[1:]), len(v.Sections))
	address := func(part int) string {
		if part == 0 {
			return "/documents/" + url.PathEscape(v.D.ID)
		}
		return fmt.Sprintf("/documents/%s?part=%d", url.PathEscape(v.D.ID), part+1)
	}
	at := map[string]int{} // anchor → part
	for part, begin := range begins {
		for _, s := range v.Sections[begin:ends[part]] {
			at[s.ID] = part
			for _, h := range s.Heads {
				at[h.ID] = part
			}
		}
	}
	v.Part = at[values.Get("at")]
	if n, err := strconv.Atoi(values.Get("part")); err == nil && n >= 1 && n <= len(begins) {
		v.Part = n - 1
	}
	for i := range v.Contents {
		anchor := strings.TrimPrefix(v.Contents[i].Link, "#")
		if part := at[anchor]; part != v.Part {
			v.Contents[i].Link = address(part) + "#" + anchor
		}
	}
	for part, begin := range begins {
		first, last := v.Sections[begin], v.Sections[ends[part]-1]
		label := fmt.Sprintf("第 %d 部分", part+1)
		if first.Label != "" && last.Label != "" {
			label = span(first.Label, last.Label)
		}
		v.Parts = append(v.Parts, choice{Label: label, Link: address(part), On: part == v.Part})
	}
	v.Sections = v.Sections[begins[v.Part]:ends[v.Part]]
}

// NextPart is the address of the part behind this one, PreviousPart of the one before; empty where there is none.
func (v *documentView) NextPart() string     { return v.neighbour(1) }
func (v *documentView) PreviousPart() string { return v.neighbour(-1) }

func (v *documentView) neighbour(step int) string {
	if i := v.Part + step; i >= 0 && i < len(v.Parts) {
		return v.Parts[i].Link
	}
	return ""
}
