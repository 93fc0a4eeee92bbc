package reader

type native struct{}

func (native) Name() string { return "native" }

func (native) Accepts(*File) bool { return false }

func (native) Read(*File, Emit) error { return nil }
