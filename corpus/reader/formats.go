package reader

// Formats returns every format in the order in which they are asked whether they accept a file: the most particular
// first, plain text last.
func Formats() []Format {
	return []Format{
		native{}, itemRecords{}, policyRecords{}, newsRecords{}, law{}, markdown{}, itemsYAML{}, newspaper{},
	}
}
