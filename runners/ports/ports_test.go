package ports

import (
	"net"
	"strconv"
	"testing"
)

func TestFreeStaysOutsideOfTheKernelsOwnRange(t *testing.T) {
	t.Parallel()
	for range 20 {
		addr, err := Free(t.Context(), "127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", addr)
		if err != nil {
			t.Fatalf("%s is not free: %v", addr, err)
		}
		_ = l.Close()
		_, port, _ := net.SplitHostPort(addr)
		if n, _ := strconv.Atoi(port); firstOfKernel() > lowest && n >= firstOfKernel() {
			t.Errorf("%s is of the range from which connections take theirs", addr)
		}
	}
}

func TestFreeSaysThatThereIsNone(t *testing.T) {
	t.Parallel()
	if addr, err := Free(t.Context(), "192.0.2.1"); err == nil {
		t.Errorf("%s of a host that is not this one is said to be free", addr)
	}
}
