package reader

type law struct{}

func (law) Name() string { return "law" }

func (law) Accepts(*File) bool { return false }

// reSession is the term of a people's congress: 广东省第十三届人民代表大会 is that of 广东省.
var reSession = regexp.MustCompile(`第[一二三四五六七八九十]+届`)

func (law) Read(*File, Emit) error { return nil }
