package sample_test

import (
	"context"
	"path/filepath"
	"testing"

	"tongsou/corpus"
	"tongsou/corpus/reader"
	"tongsou/corpus/sample"
	"tongsou/corpus/store"
)

func read(t *testing.T) []*corpus.Document {
	t.Helper()
	var docs []*corpus.Document
	err := reader.Read(".", reader.Options{FS: sample.Files, Source: sample.Source}, func(d *corpus.Document, f *reader.Fault) error {
		if f != nil {
			t.Errorf("%v", f)
			return nil
		}
		docs = append(docs, d)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

// TestSampleIsSound holds the sample to what the checks ask of anybody's data: not even a warning.
func TestSampleIsSound(t *testing.T) {
	seen := map[string]string{}
	for _, d := range read(t) {
		for _, p := range corpus.Check(d) {
			t.Errorf("%s:%d %s: %s: %s", d.Source.File, d.Source.Line, d.Title, p.Field, p.Reason)
		}
		if other := seen[d.ID]; other != "" {
			t.Errorf("%s and %s have the same ID %s", d.Source.File, other, d.ID)
		}
		seen[d.ID] = d.Source.File
		if !d.Sample {
			t.Errorf("%s: %s is not marked as sample", d.Source.File, d.Title)
		}
	}
}

// TestSampleIsComplete holds every item to the fields that a citizen asks for.
func TestSampleIsComplete(t *testing.T) {
	for _, d := range read(t) {
		if d.Kind != corpus.KindItem {
			if len(d.Sections) == 0 || d.Issuer == "" || d.Published == "" {
				t.Errorf("%s: %s lacks text, issuer or date", d.Source.File, d.Title)
			}
			continue
		}
		it := d.Item
		for field, missing := range map[string]bool{
			"code": len(it.Code) != 31, "basic_code": len(it.BasicCode) != 12, "type": it.Type == "", "level": it.Level == "",
			"body": it.Body == "", "audience": len(it.Audience) == 0, "themes": len(it.PersonThemes)+len(it.LegalThemes) == 0,
			"handling": it.Handling == "", "legal_limit": it.LegalLimit.IsZero(), "promised_limit": it.PromisedLimit.IsZero(),
			"visits": it.Visits == nil, "online_depth": it.OnlineDepth == "", "channels": len(it.Channels) == 0,
			"conditions": len(it.Conditions) == 0, "materials": len(it.Materials) == 0, "steps": len(it.Steps) < 2,
			"fees": len(it.Fees) == 0 && !it.FeeFree, "results": len(it.Results) == 0, "basis": len(it.Basis) == 0,
			"places": len(it.Places) == 0, "phone": it.Phone == "", "everyday": len(it.Everyday) < 2,
		} {
			if missing {
				t.Errorf("%s:%d %s: %s is missing or malformed", d.Source.File, d.Source.Line, d.Title, field)
			}
		}
	}
}

// linked returns the documents as the store of record keeps them: it links the versions of a family.
func linked(t *testing.T, docs []*corpus.Document) []*corpus.Document {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if _, err := s.Put(ctx, docs); err != nil {
		t.Fatal(err)
	}
	changes, err := s.Changes(ctx, 0, 10*len(docs))
	if err != nil {
		t.Fatal(err)
	}
	var kept []*corpus.Document
	for _, c := range changes {
		if c.Document != nil {
			kept = append(kept, c.Document)
		}
	}
	return kept
}

// TestSampleIsLargeEnough keeps the promise of a corpus that shows every feature.
func TestSampleIsLargeEnough(t *testing.T) {
	kinds, regions, validity, themes := map[corpus.Kind]int{}, map[string]int{}, map[corpus.Validity]int{}, map[string]int{}
	today := corpus.Date("2026-01-01")
	for _, d := range linked(t, read(t)) {
		kinds[d.Kind]++
		if d.Kind == corpus.KindItem {
			regions[d.Region]++
			for _, theme := range append(append([]string{}, d.Item.PersonThemes...), d.Item.LegalThemes...) {
				themes[theme]++
			}
		}
		validity[d.Validity(today)]++
	}
	if kinds[corpus.KindItem] < 120 || kinds[corpus.KindPolicy] < 30 || kinds[corpus.KindNews] < 20 {
		t.Errorf("got %v, want at least 120 items, 30 policies, 20 news", kinds)
	}
	for _, code := range []string{"15", "1501", "1506", "150102", "150105", "150622"} {
		if regions[code] < 5 {
			t.Errorf("region %s has %d items, want at least 5", code, regions[code])
		}
	}
	for _, v := range corpus.Validities() {
		if validity[v] == 0 {
			t.Errorf("no document is %s", v)
		}
	}
	if len(themes) < 30 {
		t.Errorf("the items cover %d theme classes, want at least 30", len(themes))
	}
}
