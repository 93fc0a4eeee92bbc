package reader

// Formats returns every format in the order in which they are asked whether they accept a file: first those that a file's
// first bytes give away, then JSON by its fields, tables by their heads and pages by their markup, then text by what
// stands in it, the most particular first and any other text last.
func Formats() []Format {
	return []Format{
		pdfFile{}, xlsxItems{}, wordFile{},
		native{}, itemRecords{}, policyRecords{}, newsRecords{},
		csvItems{}, webPage{},
		law{}, markdown{}, itemsYAML{}, newspaper{}, plain{},
	}
}
