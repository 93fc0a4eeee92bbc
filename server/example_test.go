package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"

	"tongsou/corpus"
	"tongsou/corpus/store"
	"tongsou/index"
	"tongsou/index/embedded"
	"tongsou/server"
)

// A server stands over a store, which gives whole documents, and an index of it, which finds them. It is an http.Handler.
func ExampleNew() {
	dir, err := os.MkdirTemp("", "server")
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
	e, err := embedded.Open(embedded.Options{Path: filepath.Join(dir, "index")})
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = e.Close() }()
	item := &corpus.Document{ID: "item-1", Kind: corpus.KindItem, Title: "社会保障卡补领", Item: &corpus.Item{Body: "某市人社局"}}
	if _, err := s.Put(ctx, []*corpus.Document{item}); err != nil {
		log.Panic(err)
	}
	if _, err := index.CatchUp(ctx, s, e, nil); err != nil {
		log.Panic(err)
	}
	handler, err := server.New(server.Options{Engine: e, Library: s})
	if err != nil {
		log.Panic(err)
	}

	for _, path := range []string{"/api/v1/search?kind=item&q=" + url.QueryEscape("社保卡"), "/api/v1/items/none"} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil))
		var answer struct {
			Groups []index.Group
			Title  string
		}
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			log.Panic(err)
		}
		fmt.Println(w.Code, w.Header().Get("Content-Type"))
		for _, g := range answer.Groups {
			fmt.Println(g.Kind, g.Total, g.Hits[0].PlainTitle())
		}
		if answer.Title != "" {
			fmt.Println(answer.Title)
		}
	}
	// Output:
	// 200 application/json
	// item 1 社会保障卡补领
	// 404 application/problem+json
	// 没有这一条
}
