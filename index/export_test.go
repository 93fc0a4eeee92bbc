package index

import (
	"fmt"
	"hash/crc32"
	"slices"
)

// SealRelated puts the right checksum behind the lines of a file of related terms, for tests of what is behind it.
func SealRelated(lines []byte) []byte {
	return fmt.Appendf(slices.Clone(lines), "%s\t%08x\n", relatedEnd, crc32.ChecksumIEEE(lines))
}

// NewRelated keeps of terms what fits.
var NewRelated = newRelated

// PassageCut is the way in which passages are cut.
const PassageCut = passageCut
