#include "textflag.h"

// func load(p *uint32) uint32
TEXT ·load(SB), NOSPLIT, $0-8
	MOVL p+0(FP), AX
	MOVL (AX), AX
	MOVL AX, ret+4(FP)
	RET

// func store(p *uint32, v uint32)
TEXT ·store(SB), NOSPLIT, $0-8
	MOVL p+0(FP), AX
	MOVL v+4(FP), CX
	XCHGL CX, (AX)
	RET

// func cloneThread(flags, stack uintptr, b *box) int
TEXT ·cloneThread(SB), NOSPLIT|NOFRAME, $0-16
	MOVL flags+0(FP), BX
	MOVL stack+4(FP), CX
	MOVL b+8(FP), BP
	XORL DX, DX
	XORL SI, SI
	XORL DI, DI
	MOVL $120, AX // clone
	INT  $0x80
	TESTL AX, AX
	JZ   thread
	MOVL AX, ret+12(FP)
	RET

thread:
	// On the new stack: a return address, which nothing uses, and the argument.
	MOVL BP, -4(CX)
	MOVL $0, -8(CX)
	LEAL -8(CX), SP
	LEAL ·serve(SB), AX // the linker takes a jump there for a recursion
	JMP  AX

// func handlers() (count, restorer uintptr)
TEXT ·handlers(SB), NOSPLIT, $0-8
	LEAL countSignal<>(SB), AX
	MOVL AX, count+0(FP)
	LEAL restore<>(SB), AX
	MOVL AX, restorer+4(FP)
	RET

// The kernel calls it with a return address, a signal, a siginfo and a ucontext
// on the stack. The ucontext's uc_stack at 8 begins with the address of the
// stack for handlers. The counters are the 512 bytes below that.
TEXT countSignal<>(SB), NOSPLIT|NOFRAME, $0
	MOVL 4(SP), CX
	MOVL 12(SP), DX
	MOVL 8(DX), AX
	LOCK
	INCL -512(AX)(CX*4)
	RET

TEXT restore<>(SB), NOSPLIT|NOFRAME, $0
	MOVL $173, AX // rt_sigreturn
	INT  $0x80
	INT  $3
