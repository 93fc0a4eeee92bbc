package store_test

import (
	"path/filepath"
	"reflect"
	"testing"

	"tongsou/corpus"
	"tongsou/corpus/store"
)

// clean is the document as JSON can carry it: bytes that are no UTF-8 become U+FFFD.
func clean(d *corpus.Document) {
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i))
			}
		case reflect.Pointer:
			walk(v.Elem())
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.String:
			v.SetString(string([]rune(v.String())))
		}
	}
	walk(reflect.ValueOf(d).Elem())
}

// FuzzPut stores whatever a document may hold, twice, and wants it back as it was.
func FuzzPut(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte("\x04law1\x06policy\x06户口"))
	f.Add([]byte("\x03a\x00b\x02\xff\xfe\x05<&>\u2028"))
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x00\x00"))
	s, err := store.Open(f.Context(), filepath.Join(f.TempDir(), "store.db"))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	f.Fuzz(func(t *testing.T, seed []byte) {
		if len(seed) > 4096 {
			t.Skip("longer seeds say nothing new")
		}
		d := new(corpus.Document)
		fill(d, seed)
		if d.ID == "" || d.ID != string([]rune(d.ID)) {
			t.Skip("the checks let no such ID through")
		}
		sum := put(t, s, d)
		if sum.Added != 1 {
			t.Fatalf("put: %+v", sum)
		}
		if again := put(t, s, d); again.Unchanged != 1 || again.Sequence != sum.Sequence {
			t.Errorf("put again: %+v", again)
		}
		got, want := get(t, s, d.ID), *d
		if want.Family != "" {
			want.Superseded = "" // the store sets it
		}
		if clean(&want); !reflect.DeepEqual(got, &want) {
			t.Errorf("got  %+v\nwant %+v", got, &want)
		}
		if err := s.Verify(t.Context()); err != nil {
			t.Error(err)
		}
		if gone, err := s.Delete(t.Context(), d.ID); err != nil || gone.Deleted != 1 {
			t.Errorf("delete: %+v, %v", gone, err)
		}
		wantIDs(t, s)
	})
}
