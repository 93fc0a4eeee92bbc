package reader

type newspaper struct{}

func (newspaper) Name() string { return "newspaper" }

func (newspaper) Accepts(*File) bool { return false }

func (newspaper) Read(*File, Emit) error { return nil }
