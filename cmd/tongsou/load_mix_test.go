package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"tongsou/index"
)

// mix makes requests as citizens do: most are suggestions while they type, a third are searches with facets, some open a
// page. Queries come by Zipf's law: a few are asked by everybody, most by few.
type mix struct {
	address string
	queries []string
	pages   []string
	random  *rand.Rand
	rank    *rand.Zipf
}

// newMix reads queries from a file: one a line, or as the judged pairs are written (query => answer).
func newMix(t *testing.T, address, file string) *mix {
	t.Helper()
	m := &mix{address: address, queries: readQueries(t, file), random: rand.New(rand.NewPCG(1, 2))}
	m.random.Shuffle(len(m.queries), func(i, j int) { m.queries[i], m.queries[j] = m.queries[j], m.queries[i] })
	m.rank = rand.NewZipf(m.random, 1.1, 4, uint64(len(m.queries)-1))
	m.pages = []string{"/", "/guides", "/search?kind=item"}
	for _, q := range m.queries[:min(50, len(m.queries))] {
		_, raw := fetch(t, address+"/api/v1/search?q="+url.QueryEscape(q))
		var res index.Result
		if err := json.Unmarshal(raw, &res); err != nil {
			t.Fatal(err)
		}
		for _, g := range res.Groups {
			for _, h := range g.Hits {
				folder := "/documents/"
				if h.Card != nil {
					folder = "/items/"
				}
				m.pages = append(m.pages, folder+url.PathEscape(h.ID))
			}
		}
	}
	return m
}

func readQueries(t *testing.T, file string) []string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var list []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		query, _, _ := strings.Cut(lines.Text(), "=>")
		if query = strings.TrimSpace(query); query != "" && !strings.HasPrefix(query, "#") && !strings.HasPrefix(query, "[") {
			list = append(list, query)
		}
	}
	if len(list) < 2 {
		t.Fatalf("%s holds no queries", file)
	}
	return list
}

func (m *mix) query() string { return m.queries[m.rank.Uint64()] }

// next is a vegeta.Targeter; vegeta calls it from many goroutines, targets makes it safe.
func (m *mix) next() string {
	switch n := m.random.IntN(100); {
	case n < 60: // the beginning of a query, as it is being typed
		typed := []rune(m.query())
		return "/api/v1/suggest?q=" + url.QueryEscape(string(typed[:1+m.random.IntN(len(typed))]))
	case n < 75:
		return "/api/v1/search?limit=10&facets=1&q=" + url.QueryEscape(m.query())
	case n < 90:
		return "/search?q=" + url.QueryEscape(m.query())
	}
	return m.pages[m.random.IntN(len(m.pages))]
}

// targets makes the requests of an attack beforehand: making them takes time that the attack would count.
func (m *mix) targets(n int) vegeta.Targeter {
	list := make([]vegeta.Target, n)
	for i := range list {
		list[i] = vegeta.Target{Method: http.MethodGet, URL: m.address + m.next(), Header: http.Header{"Accept": {"text/html"}, "Accept-Encoding": {"gzip"}}}
	}
	return vegeta.NewStaticTargeter(list...)
}

// loadDocuments is a file of documents that an ingest takes in, again and again with other words.
func loadDocuments(round, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"id": "load-%d", "kind": "news", "title": "压力测试第%d篇第%d轮", "published": "2024-12-20", "sections": [`, i, i, round)
		for p := range 4 {
			fmt.Fprintf(&b, `{"id": "p%d", "text": "今天是第%d轮，第%d段。办理户口登记、社会保障卡补领与公积金提取的市民排队等候，工作人员说明了申请材料与办理时限。"},`, p+1, round, p)
		}
		b.WriteString(`{"id": "p9", "text": "完。"}]}` + "\n")
	}
	return b.String()
}
