package reader

type newsRecords struct{}

func (newsRecords) Name() string { return "news" }

func (newsRecords) Accepts(*File) bool { return false }

func (newsRecords) Read(*File, Emit) error { return nil }
