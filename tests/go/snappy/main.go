// Command snappy prints what the snappy that Loki is built with makes of each block, one JSON object a line:
//
//	cd snappy && go run . > ../../data/snappy.jsonl
//
// The first line tells the version; then {"block", "refused": true}, or {"block", "md5"} of what it decodes to. Blocks are hex.
package main

import (
	"bufio"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"runtime/debug"
	"strings"

	"github.com/golang/snappy"
)

type row struct {
	Block   string `json:"block"`
	Refused bool   `json:"refused,omitempty"`
	MD5     string `json:"md5,omitempty"`
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.Encode(map[string]string{"generated": "tests/go/snappy with " + version()})
	asked := map[string]bool{}
	for _, block := range blocks() {
		if !asked[string(block)] {
			asked[string(block)] = true
			encoder.Encode(ask(block))
		}
	}
}

func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "github.com/golang/snappy" {
			return module.Path + " " + module.Version
		}
	}
	panic("built without it")
}

func ask(block []byte) row {
	content, err := snappy.Decode(nil, block)
	if err != nil {
		return row{Block: hex.EncodeToString(block), Refused: true}
	}
	return row{Block: hex.EncodeToString(block), MD5: fmt.Sprintf("%x", md5.Sum(content))}
}

func blocks() [][]byte {
	random := rand.New(rand.NewSource(1))
	all := given()
	for range 700 {
		elements, length := compose(random, 1+random.Intn(6))
		all = append(all, join(header(random, length), elements))
		// The same with a length that is not its own, and damaged.
		all = append(all, join(binary.AppendUvarint(nil, uint64(max(0, length+random.Intn(5)-2))), elements))
		all = append(all, damage(random, join(binary.AppendUvarint(nil, uint64(length)), elements)))
	}
	words := strings.Fields("level=info level=info msg=done password=x a a a a \"x\" {} 17ms")
	for range 200 {
		var text []string
		for range random.Intn(12) {
			text = append(text, words[random.Intn(len(words))])
		}
		block := snappy.Encode(nil, []byte(strings.Join(text, " ")))
		all = append(all, block, damage(random, block))
	}
	return all
}

// compose makes elements that fit together, and the length of what they decode to. A few of its copies reach too far.
func compose(random *rand.Rand, count int) (block []byte, length int) {
	for range count {
		if kind := random.Intn(8); length == 0 || kind < 4 {
			literal := make([]byte, 1+random.Intn([]int{4, 17, 70}[random.Intn(3)]))
			random.Read(literal)
			block = append(literalTag(random, block, len(literal)), literal...)
			length += len(literal)
		} else {
			offset := 1 + random.Intn(length)
			if random.Intn(40) == 0 {
				offset = []int{0, length + 1, 1 << 10, 1<<16 - 1}[random.Intn(4)]
			}
			var copied int
			block, copied = copyTag(random, block, offset, kind)
			length += copied
		}
	}
	return block, length
}

// literalTag writes a literal's tag, with its length in any form that can hold it.
func literalTag(random *rand.Rand, block []byte, length int) []byte {
	bytes := random.Intn(5)
	if length > 60 {
		bytes = 1 + random.Intn(4)
	}
	if bytes == 0 {
		return append(block, byte(length-1)<<2)
	}
	block = append(block, byte(59+bytes)<<2)
	return append(block, binary.LittleEndian.AppendUint32(nil, uint32(length-1))[:bytes]...)
}

// copyTag writes a copy with an offset of one and a half, two or four bytes, and returns how much it copies.
func copyTag(random *rand.Rand, block []byte, offset, kind int) ([]byte, int) {
	length := 1 + random.Intn(64)
	switch {
	case kind == 4 && offset < 1<<11:
		length = 4 + length%8
		return append(block, byte(offset>>8)<<5|byte(length-4)<<2|1, byte(offset)), length
	case kind < 7 && offset < 1<<16:
		return append(block, byte(length-1)<<2|2, byte(offset), byte(offset>>8)), length
	default:
		block = append(block, byte(length-1)<<2|3)
		return binary.LittleEndian.AppendUint32(block, uint32(offset)), length
	}
}

// header writes a length, now and then in more bytes than it takes.
func header(random *rand.Rand, length int) []byte {
	varint := binary.AppendUvarint(nil, uint64(length))
	if random.Intn(4) > 0 {
		return varint
	}
	for range 1 + random.Intn(10) {
		varint[len(varint)-1] |= 0x80
		varint = append(varint, 0)
	}
	return varint
}

func damage(random *rand.Rand, block []byte) []byte {
	block = append([]byte(nil), block...)
	at := random.Intn(len(block))
	switch random.Intn(5) {
	case 0:
		return block[:at]
	case 1:
		return append(block, byte(random.Intn(256)))
	case 2:
		return join(block[:at], block[at+1:])
	case 3:
		block[at] = byte(random.Intn(256))
	default:
		block[at] ^= 1 << random.Intn(8)
	}
	return block
}

func join(parts ...[]byte) (whole []byte) {
	for _, part := range parts {
		whole = append(whole, part...)
	}
	return whole
}

// given are the edges, written down.
func given() (blocks [][]byte) {
	for _, text := range []string{
		"", "00", "0000", "01", "80", "8000", "808080808000", "80808080808080808000", "8080808080808080808000",
		"0100", "010061", "81000061", "8180000061", "81808080808080808000" + "0061", "8180808080808080808000" + "0061",
		"ffffffff0f", "ffffffff0f0061", "8080808010", "ffffffffffffffffff01", "ffffffffffffffffff02",
		"01f0", "01f000", "01f00061", "01f40000" + "61", "01f8000000" + "61", "01fc00000000" + "61", "01fcffffffff61", "01fcffffff7f61",
		"05006101" + "01", "0500610101", "050061050100", "05006111" + "01", "0200610200" + "00", "020061020100", "020061030100" + "0000",
		"020061030100" + "0001", "02006103ffffffff", "02006103000000" + "80", "020061020200", "4100" + "61fe0100", "4100" + "61fe01", "03006100620063",
	} {
		block, err := hex.DecodeString(text)
		if err != nil {
			panic(err)
		}
		blocks = append(blocks, block)
	}
	return blocks
}
