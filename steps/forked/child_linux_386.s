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

// func clone(flags, stack, function uintptr, b *box) int
TEXT ·clone(SB), NOSPLIT|NOFRAME, $0-20
	MOVL flags+0(FP), BX
	MOVL stack+4(FP), CX
	MOVL b+12(FP), BP
	XORL DX, DX
	XORL SI, SI
	MOVL function+8(FP), DI // the flags do not ask for what it means to the kernel
	MOVL $120, AX // clone
	INT  $0x80
	TESTL AX, AX
	JZ   child
	MOVL AX, ret+16(FP)
	RET

child:
	// On the new stack: a return address, which nothing uses, and the argument.
	MOVL BP, -4(CX)
	MOVL $0, -8(CX)
	LEAL -8(CX), SP
	JMP  DI

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
