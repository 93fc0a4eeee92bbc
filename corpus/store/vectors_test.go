package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"tongsou/corpus/store"
)

// kept lists unit=value for every vector of a model.
func kept(t *testing.T, v *store.Vectors) string {
	t.Helper()
	all := map[string]string{}
	if err := v.Each(context.Background(), func(document string, p store.Passage) error {
		if !strings.HasPrefix(p.Unit, document) || !strings.HasPrefix(string(p.Hash), "hash of ") {
			t.Errorf("of %s there is %q, of %q", document, p.Unit, p.Hash)
		}
		all[p.Unit] = p.Unit + "=" + string(p.Value)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return strings.Join(slices.Sorted(maps.Values(all)), " ")
}

func passage(unit, text, value string) store.Passage {
	p := store.Passage{Unit: unit, Hash: []byte("hash of " + text)}
	if value != "" {
		p.Value = []byte(value)
	}
	return p
}

func TestVectors(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		ctx := context.Background()
		s, place := open(t)
		v, err := s.Vectors(ctx, "m", "")
		if err != nil {
			t.Fatal(err)
		}
		if n, err := v.Sequence(ctx); n != 0 || err != nil {
			t.Errorf("a new store has the vectors of %d changes, %v", n, err)
		}
		steps := []struct {
			what string
			put  store.Passages
			want string
		}{
			{"two passages", store.Passages{Document: "d", List: []store.Passage{passage("d", "a", "1"), passage("d#1", "b", "2")}}, "d#1=2 d=1"},
			{"another document", store.Passages{Document: "e", List: []store.Passage{passage("e", "c", "3")}}, "d#1=2 d=1 e=3"},
			{"one changes, one stays", store.Passages{Document: "d", List: []store.Passage{passage("d", "x", "4"), passage("d#1", "b", "")}}, "d#1=2 d=4 e=3"},
			{"one goes", store.Passages{Document: "d", List: []store.Passage{passage("d", "x", "")}}, "d=4 e=3"},
			{"a document goes", store.Passages{Document: "e"}, "d=4"},
		}
		for i, step := range steps {
			if err := v.Put(ctx, uint64(i), uint64(i+1), []store.Passages{step.put}); err != nil {
				t.Fatalf("%s: %v", step.what, err)
			}
			if got := kept(t, v); got != step.want {
				t.Errorf("%s: got %s, want %s", step.what, got, step.want)
			}
		}
		of, err := v.Of(ctx, "d")
		if err != nil || len(of) != 1 || of[0].Unit != "d" || !bytes.Equal(of[0].Hash, []byte("hash of x")) || string(of[0].Value) != "4" {
			t.Errorf("of d there is %v, %v", of, err)
		}
		other, err := s.Vectors(ctx, "another model", "")
		if err != nil {
			t.Fatal(err)
		}
		if got := kept(t, other); got != "" {
			t.Errorf("another model has %s", got)
		}
		if models, err := s.Models(ctx); err != nil || !slices.Equal(models, []string{"m"}) {
			t.Errorf("the models are %v, %v", models, err)
		}
		finer, err := s.Vectors(ctx, "m", "finer")
		if err != nil {
			t.Fatal(err)
		}
		if n, err := finer.Sequence(ctx); n != 0 || err != nil || kept(t, finer) != "d=4" {
			t.Errorf("cut otherwise, %d changes are done, with %s, %v; want none of them, with what there is", n, kept(t, finer), err)
		}
		if err := finer.Put(ctx, 0, 3, nil); err != nil {
			t.Fatal(err)
		}
		if n, err := finer.Sequence(ctx); n != 3 || err != nil {
			t.Errorf("cut otherwise, %d changes are done, %v; want 3", n, err)
		}
		next, err := reopen(t, place).Vectors(ctx, "m", "")
		if err != nil {
			t.Fatal(err)
		}
		if got := kept(t, next); got != "d=4" {
			t.Errorf("who opens the store anew finds %s", got)
		}
		if n, err := v.Sequence(ctx); n != uint64(len(steps)) || err != nil {
			t.Errorf("the sequence is %d, %v", n, err)
		}
		failed := fmt.Errorf("enough")
		if err := v.Each(ctx, func(string, store.Passage) error { return failed }); err == nil {
			t.Error("what the visitor said was lost")
		}
	})
}

// Of two processes that made vectors of the same changes one is told that it was too late, and stores nothing.
func TestVectorsAreStoredOnce(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		ctx := t.Context()
		s, place := open(t)
		first, err := s.Vectors(ctx, "m", "")
		if err != nil {
			t.Fatal(err)
		}
		second, err := reopen(t, place).Vectors(ctx, "m", "")
		if err != nil {
			t.Fatal(err)
		}
		if err := first.Put(ctx, 0, 7, []store.Passages{{Document: "d", List: []store.Passage{passage("d", "a", "1")}}}); err != nil {
			t.Fatal(err)
		}
		late := []store.Passages{{Document: "d", List: []store.Passage{passage("d", "a", "2")}}}
		if err := second.Put(ctx, 0, 5, late); !errors.Is(err, store.ErrOvertaken) {
			t.Errorf("the second is told %v, want ErrOvertaken", err)
		}
		if got := kept(t, first); got != "d=1" {
			t.Errorf("there is %s", got)
		}
		if n, err := second.Sequence(ctx); n != 7 || err != nil {
			t.Errorf("the sequence is %d, %v", n, err)
		}
		if err := second.Put(ctx, 7, 9, late); err != nil || kept(t, first) != "d=2" {
			t.Errorf("then %v, and there is %s", err, kept(t, first))
		}
	})
}

func TestAStoreWithoutVectorsHasNoModels(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		s, _ := open(t)
		if models, err := s.Models(t.Context()); len(models) != 0 || err != nil {
			t.Errorf("got %v, %v", models, err)
		}
	})
}
