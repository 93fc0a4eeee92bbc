package store_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"tongsou/corpus"
	"tongsou/corpus/store"
)

// A follower asks for what changed since it last looked: new text, changed text and deletions, each once.
func Example() {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx := context.Background()
	s, err := store.Open(ctx, filepath.Join(dir, "store.db"))
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = s.Close() }()

	first := &corpus.Document{ID: "n1", Kind: corpus.KindNews, Title: "政务大厅周六开门", Source: corpus.Source{Name: "日报"}}
	second := &corpus.Document{ID: "n2", Kind: corpus.KindNews, Title: "户口可以网上办", Source: corpus.Source{Name: "日报"}}
	sum, err := s.Put(ctx, []*corpus.Document{first, second})
	if err != nil {
		log.Panic(err)
	}
	fmt.Printf("added %d, sequence %d\n", sum.Added, sum.Sequence)

	second.Title = "户口可以全程网上办"
	if sum, err = s.Put(ctx, []*corpus.Document{first, second}); err != nil {
		log.Panic(err)
	}
	fmt.Printf("unchanged %d, updated %d, sequence %d\n", sum.Unchanged, sum.Updated, sum.Sequence)
	if _, err := s.Delete(ctx, "n1"); err != nil {
		log.Panic(err)
	}

	changes, err := s.Changes(ctx, 2, 100)
	if err != nil {
		log.Panic(err)
	}
	for _, c := range changes {
		if c.Document == nil {
			fmt.Printf("%d: %s deleted\n", c.Seq, c.ID)
			continue
		}
		fmt.Printf("%d: %s %s\n", c.Seq, c.ID, c.Document.Title)
	}
	// Output:
	// added 2, sequence 2
	// unchanged 1, updated 1, sequence 3
	// 3: n2 户口可以全程网上办
	// 4: n1 deleted
}
