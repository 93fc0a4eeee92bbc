package server

import (
	"net/http"
	"net/url"
	"strings"

	"tongsou/corpus"
)

// placeView is the page where a citizen says where they are.
type placeView struct {
	frame
	Back    string
	Asked   string
	Found   []placeChoice // divisions of the name asked for
	Missing bool          // whether there is none of that name
	Country bool          // whether any division of the country can be chosen
	Path    []corpus.Region
	Whole   *corpus.Region // the division whose parts are listed
	Parts   []placeChoice
	Reset   bool // whether the choice can be taken back
}

// placeChoice is a division. Link leads to its parts, when it has some; else it is chosen at once.
type placeChoice struct {
	corpus.Region
	Link  string
	Where string // the divisions above it
	On    bool
}

// placeLink leads to the choice of a place, and from there back.
func placeLink(back string) string { return "/place?" + url.Values{"back": {back}}.Encode() }

// placePage goes down the divisions step by step, or finds one by name.
func (s *Server) placePage(w http.ResponseWriter, r *http.Request) error {
	values := r.URL.Query()
	v := &placeView{frame: s.newFrame(r), Back: ownAddress(values.Get("back")), Asked: strings.TrimSpace(values.Get("name"))}
	v.Styles = []string{"search.css"}
	_, err := r.Cookie(placeCookie)
	v.Reset, v.Country = err == nil, s.province() == ""
	root, mine := s.province(), s.place(r)
	within, ok := corpus.NormalizeRegion(values.Get("within"))
	switch {
	case values.Get("within") == "0":
		within = root
	case !ok || within == "":
		within = parentWithin(mine, root)
	}
	if !strings.HasPrefix(within, root) {
		within = root
	}
	v.list(within, root, mine)
	if v.Asked != "" {
		v.find(root)
	}
	return s.pages.write(w, http.StatusOK, "place.html", v)
}

// province is the division under which citizens choose: the province of the portal, or the whole country.
func (s *Server) province() string {
	return s.options.Place[:min(2, len(s.options.Place))]
}

// parentWithin is where the choice opens: at the divisions beside the one that is in force.
func parentWithin(code, root string) string {
	if r, ok := corpus.Regions().Lookup(code); ok && strings.HasPrefix(r.Parent, root) {
		if len(corpus.Regions().Children(code)) > 0 {
			return code
		}
		return r.Parent
	}
	return root
}

func (v *placeView) list(within, root, mine string) {
	tree := corpus.Regions()
	for _, r := range tree.Path(within) {
		if strings.HasPrefix(r.Code, root) {
			v.Path = append(v.Path, r)
		}
	}
	if r, ok := tree.Lookup(within); ok {
		v.Whole = &r
	}
	for _, r := range tree.Children(within) {
		v.Parts = append(v.Parts, v.choice(r, mine))
	}
}

func (v *placeView) choice(r corpus.Region, mine string) placeChoice {
	c := placeChoice{Region: r, On: r.Code == mine}
	if len(corpus.Regions().Children(r.Code)) > 0 {
		c.Link = "/place?" + url.Values{"within": {r.Code}, "back": {v.Back}}.Encode()
	}
	return c
}

// maxFound bounds the divisions that one name finds; hardly any name is borne by more.
const maxFound = 20

func (v *placeView) find(root string) {
	tree := corpus.Regions()
	found := tree.ByName(v.Asked, root)
	for _, r := range found[:min(len(found), maxFound)] {
		c := v.choice(r, "")
		var above []string
		for _, a := range tree.Path(r.Parent) {
			above = append(above, a.Name)
		}
		c.Where = strings.Join(above, " ")
		v.Found = append(v.Found, c)
	}
	v.Missing = len(v.Found) == 0
}

// choosePlace remembers a place and goes back. A place in the address there would overrule the choice, so it goes.
func (s *Server) choosePlace(w http.ResponseWriter, r *http.Request) error {
	code := r.PostForm.Get("place")
	if code != "" {
		known, ok := corpus.NormalizeRegion(code)
		if !ok {
			return &paramError{"place", "不认识这个地区，请回到上一页从列表中选择"}
		}
		code = known
	}
	remember(w, r, placeCookie, code)
	back, err := url.Parse(ownAddress(r.PostForm.Get("back")))
	if err != nil {
		back = &url.URL{Path: "/"}
	}
	values := back.Query()
	for _, name := range []string{"place", "next", "trail"} {
		values.Del(name)
	}
	back.RawQuery = values.Encode()
	http.Redirect(w, r, back.RequestURI(), http.StatusSeeOther)
	return nil
}
