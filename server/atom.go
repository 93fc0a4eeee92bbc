package server

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"tongsou/corpus"
)

// atomFeed is an Atom 1.0 feed (RFC 4287).
type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string      `xml:"xml:lang,attr"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Links   []atomLink  `xml:"link"`
	Author  atomPerson  `xml:"author"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

type atomPerson struct {
	Name string `xml:"name"`
}

type atomEntry struct {
	ID       string        `xml:"id"`
	Title    string        `xml:"title"`
	Updated  string        `xml:"updated"`
	Links    []atomLink    `xml:"link"`
	Author   *atomPerson   `xml:"author,omitempty"`
	Category *atomCategory `xml:"category,omitempty"`
	Summary  string        `xml:"summary,omitempty"`

	at time.Time
}

type atomCategory struct {
	Term string `xml:"term,attr"`
}

// Bounds and types of feeds.
const (
	feedEntries = 50
	atomType    = "application/atom+xml"
	pageType    = "text/html"
)

// feedSpace makes IDs out of what they name: the same for good, whatever the server is called.
var feedSpace = uuid.MustParse("8b0f9a0e-5d0c-5f0e-9a3a-6f1f3c0f2d11")

func feedID(name string) string { return uuid.NewSHA1(feedSpace, []byte(name)).URN() }

// beijing is the time of the days that documents name.
var beijing = time.FixedZone("UTC+8", 8*60*60)

// unknownTime stands where nothing says when: RFC 4287 wants a time, and it must not change.
var unknownTime = time.Date(2000, 1, 1, 0, 0, 0, 0, beijing)

// dayTime is the beginning of a day; unknownTime for none.
func dayTime(d corpus.Date) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, string(d), beijing)
	if err != nil {
		return unknownTime
	}
	return t
}

func atomTime(t time.Time) string { return t.In(beijing).Format(time.RFC3339) }

// origin is where this server is to be found from outside: what the operator says, else what the client used.
func (s *Server) origin(r *http.Request) string { return cmp.Or(s.options.PublicURL, ownHost(r)) }

// newFeed begins a feed. Its ID and links come from the path and query of its address; page is what it is about.
func (s *Server) newFeed(r *http.Request, title, page string) *atomFeed {
	self := r.URL.Path
	if query := r.URL.Query().Encode(); query != "" {
		self += "?" + query
	}
	base := s.origin(r)
	return &atomFeed{
		Lang: "zh-CN", ID: feedID(self), Title: title, Author: atomPerson{"通搜"},
		Links: []atomLink{{"self", atomType, base + self}, {"alternate", pageType, base + page}},
	}
}

// writeFeed sorts the entries, the newest first, and answers with them, or with nothing when the client has them already.
func writeFeed(w http.ResponseWriter, r *http.Request, f *atomFeed) error {
	slices.SortStableFunc(f.Entries, func(a, b atomEntry) int { return b.at.Compare(a.at) })
	f.Entries = f.Entries[:min(len(f.Entries), feedEntries)]
	latest := unknownTime
	for i := range f.Entries {
		f.Entries[i].Updated = atomTime(f.Entries[i].at)
		if f.Entries[i].at.After(latest) {
			latest = f.Entries[i].at
		}
	}
	f.Updated = atomTime(latest)
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if err := xml.NewEncoder(&b).Encode(f); err != nil {
		return fmt.Errorf("write a feed: %w", err)
	}
	h := fnv.New64a()
	_, _ = h.Write(b.Bytes()) // a hash takes everything
	w.Header().Set("ETag", fmt.Sprintf(`W/"%x"`, h.Sum64()))
	w.Header().Set("Cache-Control", "no-cache") // keep it, but ask
	w.Header().Set("Content-Type", atomType+"; charset=utf-8")
	http.ServeContent(w, r, "", latest, bytes.NewReader(b.Bytes()))
	return nil
}
