package ingest_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"tongsou/corpus/ingest"
	"tongsou/corpus/reader"
)

// ten are ten news records of a source, a to j.
func ten(without string) string {
	all := ""
	for _, id := range strings.Split("abcdefghij", "") {
		if !strings.Contains(without, id) {
			all += record(id, "第"+id+"条")
		}
	}
	return all
}

// TestSyncDeletesWhatTheSourceNoLongerHas runs a first list of ten, and then another form of it.
func TestSyncDeletesWhatTheSourceNoLongerHas(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		sync  ingest.Sync
		gone  string
		kept  bool
	}{
		{"nothing changed", map[string]string{"a.jsonl": ten("")}, ingest.Sync{Most: 0.2}, "", false},
		{"two of ten", map[string]string{"a.jsonl": ten("ch")}, ingest.Sync{Most: 0.2}, "ch", false},
		{"a few are no sign of a fault", map[string]string{"a.jsonl": ten("ceh")}, ingest.Sync{Most: 0.1}, "ceh", false},
		{"too many", map[string]string{"a.jsonl": ten("cdeh")}, ingest.Sync{Most: 0.2}, "", true},
		{"many, and said to be right", map[string]string{"a.jsonl": ten("cdeh")}, ingest.Sync{Most: 1}, "cdeh", false},
		{"nothing of the old", map[string]string{"a.jsonl": record("new", "新的")}, ingest.Sync{Most: 0.9}, "", true},
		{"an empty file", map[string]string{"a.jsonl": ""}, ingest.Sync{Most: 1}, "", false},
		{"in another file", map[string]string{"b.jsonl": ten("c")}, ingest.Sync{Most: 0.2}, "c", false},
		{"something unread in the file", map[string]string{"a.jsonl": ten("c") + "{\"id\": \"x\n"}, ingest.Sync{Most: 1}, "", false},
		{"something unread in another file", map[string]string{"a.jsonl": ten("c"), "b.jsonl": "{\"id\": \"x\n"}, ingest.Sync{Most: 1}, "c", false},
		{"refused in its new form", map[string]string{"a.jsonl": ten("cd") + `{"id": "d", "kind": "news", "title": " "}` + "\n"}, ingest.Sync{Most: 1}, "c", false},
		{"a file that is elsewhere", map[string]string{"b.jsonl": ten("cd")}, ingest.Sync{Most: 1, Still: func(file string) bool { return file == "a.jsonl" }}, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			run(t, s, ".", ingest.Options{Reader: reader.Options{FS: fstest.MapFS{"z.jsonl": {Data: []byte(record("other", "别家的") + record("j", "第j条"))}}, Source: "乙"}})
			first := fstest.MapFS{"a.jsonl": {Data: []byte(ten(""))}}
			run(t, s, ".", ingest.Options{Reader: reader.Options{FS: first, Source: "甲"}})
			files := fstest.MapFS{}
			for name, text := range c.files {
				files[name] = &fstest.MapFile{Data: []byte(text)}
			}
			report := run(t, s, ".", ingest.Options{Reader: reader.Options{FS: files, Source: "甲"}, Sync: &c.sync})
			var gone []string
			left := content(t, s)
			for _, id := range strings.Split("abcdefghij", "") {
				if left[id] == nil {
					gone = append(gone, id)
				}
			}
			if got := strings.Join(gone, ""); got != c.gone || report.Deleted != len(c.gone) || (report.Kept != "") != c.kept {
				t.Errorf("gone %q, report %+v; want %q, kept %v", got, report, c.gone, c.kept)
			}
			if left["other"] == nil {
				t.Error("a document of another source is gone")
			}
		})
	}
}

// What another source has stays when this one loses it, and what is held under another source's ID is not taken for missing.
func TestSyncLeavesWhatOthersHave(t *testing.T) {
	const item = `{"id": "%", "kind": "item", "title": "残疾人证办理", "item": {"code": "11150800MB1", "task_code": "11150800MB100001"}}` + "\n"
	s := open(t)
	file := func(text string) fstest.MapFS { return fstest.MapFS{"a.jsonl": {Data: []byte(text)}} }
	run(t, s, ".", ingest.Options{Reader: reader.Options{FS: file(strings.Replace(item, "%", "theirs", 1) + record("j", "文")), Source: "乙"}})
	ours := strings.Replace(item, "%", "ours", 1)
	all := &ingest.Sync{Most: 1}
	if r := run(t, s, ".", ingest.Options{Reader: reader.Options{FS: file(ours + record("j", "文")), Source: "甲"}, Sync: all}); r.Linked != 1 || r.Unchanged != 1 {
		t.Fatalf("%+v; want one that is the same as theirs and one that is there", r)
	}
	if r := run(t, s, ".", ingest.Options{Reader: reader.Options{FS: file(ours), Source: "甲"}, Sync: all}); r.Deleted != 0 || content(t, s)["j"] == nil {
		t.Errorf("%+v; want that what the other source has stays", r)
	}
	for id, want := range map[string][]string{"theirs": {"乙", "甲"}, "j": {"乙"}} {
		sources, err := s.Sources(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, o := range sources {
			names = append(names, o.Name)
		}
		slices.Sort(names)
		if !slices.Equal(names, want) {
			t.Errorf("%s is of %q, want %q", id, names, want)
		}
	}
}
