package reader

type policyRecords struct{}

func (policyRecords) Name() string { return "policy" }

func (policyRecords) Accepts(*File) bool { return false }

func (policyRecords) Read(*File, Emit) error { return nil }
