package reader

type markdown struct{}

func (markdown) Name() string { return "markdown" }

func (markdown) Accepts(*File) bool { return false }

func (markdown) Read(*File, Emit) error { return nil }
