/* Hides what x86-64 processors got after AVX2 from the libraries of a process.
 *
 * A module for the dynamic loader's audit interface (LD_AUDIT, rtld-audit(7)): the loader names each
 * library when it is mapped and before any of its code runs. Every instruction "cpuid" in it becomes
 * "ud0", which has two bytes as well and is illegal. The handler of SIGILL executes the real cpuid
 * and clears bits in its answer, so that libraries choose their kernels as on an older processor.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

static const uint8_t CPUID[2] = {0x0f, 0xa2}, UD0[2] = {0x0f, 0xff};

/* Leaf 7, subleaf 0, by Intel's manual, volume 2, "CPUID". */
#define BIT(n) (1u << (n))
enum {
    /* AVX-512 F, DQ, IFMA, PF, ER, CD, BW, VL */
    EBX_HIDDEN = BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31),
    /* AVX-512 VBMI, VBMI2; GFNI, VAES, VPCLMULQDQ; AVX-512 VNNI, BITALG, VPOPCNTDQ */
    ECX_HIDDEN = BIT(1) | BIT(6) | BIT(8) | BIT(9) | BIT(10) | BIT(11) | BIT(12) | BIT(14),
    /* AVX-512 4VNNIW, 4FMAPS, VP2INTERSECT; AMX-BF16; AVX-512 FP16; AMX-TILE, AMX-INT8 */
    EDX_HIDDEN = BIT(2) | BIT(3) | BIT(8) | BIT(22) | BIT(23) | BIT(24) | BIT(25),
    /* leaf 0xd: the registers of AVX-512 and AMX */
    STATE_HIDDEN = 7u << 5 | 3u << 17,
};

static void answer_cpuid(int signal_number, siginfo_t *info, void *context)
{
    (void)info;
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    if (memcmp((void *)registers[REG_RIP], UD0, sizeof UD0) != 0) {
        /* not ours: it ends the process when it is executed again */
        signal(signal_number, SIG_DFL);
        return;
    }
    unsigned leaf = registers[REG_RAX], subleaf = registers[REG_RCX], a, b, c, d;
    __cpuid_count(leaf, subleaf, a, b, c, d);
    if (leaf == 7 && subleaf == 0) {
        b &= ~EBX_HIDDEN;
        c &= ~ECX_HIDDEN;
        d &= ~EDX_HIDDEN;
    } else if (leaf == 7) {
        /* AVX-VNNI, bfloat16, AVX10 and the like */
        a = b = c = d = 0;
    } else if (leaf == 0xd && subleaf == 0) {
        a &= ~STATE_HIDDEN;
    }
    registers[REG_RAX] = a;
    registers[REG_RBX] = b;
    registers[REG_RCX] = c;
    registers[REG_RDX] = d;
    registers[REG_RIP] += sizeof CPUID;
}

enum map { ONE_BYTE, MAP_0F, MAP_0F38, MAP_0F3A };

static int has_modrm(enum map map, uint8_t op)
{
    if (map == ONE_BYTE)
        switch (op) {
        case 0x63: case 0x69: case 0x6b: case 0x80 ... 0x8f: case 0xc0: case 0xc1: case 0xc6:
        case 0xc7: case 0xd0 ... 0xd3: case 0xd8 ... 0xdf: case 0xf6: case 0xf7: case 0xfe: case 0xff:
            return 1;
        default:
            return op < 0x40 && op % 8 < 4;
        }
    if (map == MAP_0F)
        switch (op) {
        case 0x05 ... 0x09: case 0x0b: case 0x0e: case 0x30 ... 0x37: case 0x77: case 0x80 ... 0x8f:
        case 0xa0 ... 0xa2: case 0xa8 ... 0xaa: case 0xc8 ... 0xcf: case 0xff:
            return 0;
        }
    return 1;
}

/* Bytes of ModRM, SIB and displacement. */
static int operand_length(const uint8_t *modrm)
{
    int mod = *modrm >> 6, rm = *modrm & 7, length = 1;
    if (mod == 3)
        return length;
    if (rm == 4) {
        rm = modrm[1] & 7;
        length++;
    }
    if (mod == 0)
        return length + (rm == 5 ? 4 : 0);
    return length + (mod == 1 ? 1 : 4);
}

/* Bytes of the immediate operand; "full" is 4, or 2 after the prefix 66. */
static int immediate_length(enum map map, uint8_t op, uint8_t modrm, int full, int is_64_bit)
{
    int is_test = (modrm >> 3 & 7) < 2;
    if (map == MAP_0F3A)
        return 1;
    if (map == MAP_0F)
        switch (op) {
        case 0x0f: case 0x70 ... 0x73: case 0xa4: case 0xac: case 0xba: case 0xc2:
        case 0xc4 ... 0xc6:
            return 1;
        case 0x80 ... 0x8f:
            return 4;
        }
    if (map == ONE_BYTE)
        switch (op) {
        case 0x6a: case 0x6b: case 0x70 ... 0x7f: case 0x80: case 0x83: case 0xa8: case 0xb0 ... 0xb7:
        case 0xc0: case 0xc1: case 0xc6: case 0xcd: case 0xe0 ... 0xe7: case 0xeb:
            return 1;
        case 0x68: case 0x69: case 0x81: case 0xa9: case 0xc7:
            return full;
        case 0xe8: case 0xe9:
            return 4;
        case 0xb8 ... 0xbf:
            return is_64_bit ? 8 : full;
        case 0xa0 ... 0xa3:
            return 8;
        case 0xc2: case 0xca:
            return 2;
        case 0xc8:
            return 3;
        case 0xf6:
            return is_test ? 1 : 0;
        case 0xf7:
            return is_test ? full : 0;
        default:
            return op < 0x40 && op % 8 == 4 ? 1 : op < 0x40 && op % 8 == 5 ? full : 0;
        }
    return 0;
}

/* Bytes of the instruction at an address; anything for bytes that are none. */
static int instruction_length(const uint8_t *start)
{
    const uint8_t *at = start;
    int full = 4, is_64_bit = 0;
    for (;; at++) {
        if (*at == 0x66)
            full = 2;
        else if (*at != 0x26 && *at != 0x2e && *at != 0x36 && *at != 0x3e && *at != 0x64 &&
                 *at != 0x65 && *at != 0x67 && *at != 0xf0 && *at != 0xf2 && *at != 0xf3)
            break;
    }
    if (*at >> 4 == 4) /* REX */
        is_64_bit = *at++ >> 3 & 1;
    enum map map = ONE_BYTE;
    if (*at == 0xc5) { /* VEX of two bytes, of three, EVEX */
        map = MAP_0F;
        at += 2;
    } else if (*at == 0xc4 || *at == 0x62) {
        map = at[1] & 7;
        at += *at == 0xc4 ? 3 : 4;
    } else if (*at == 0x0f) {
        map = at[1] == 0x38 ? MAP_0F38 : at[1] == 0x3a ? MAP_0F3A : MAP_0F;
        at += map == MAP_0F ? 1 : 2;
    }
    uint8_t op = *at++, modrm = 0;
    if (has_modrm(map, op)) {
        modrm = *at;
        at += operand_length(at);
    }
    return at - start + immediate_length(map, op, modrm, full, is_64_bit);
}

enum { FARTHEST = 64, NEAREST = 25 };

/* Whether an instruction begins at an address. Decoding from a wrong start falls into step after a
 * few instructions, so most starts before it must lead to it. */
static int is_instruction(const uint8_t *address, const uint8_t *code_start)
{
    int n_starts = 0, n_hits = 0;
    for (int back = NEAREST; back <= FARTHEST && address - back >= code_start; back++) {
        const uint8_t *at = address - back;
        while (at < address)
            at += instruction_length(at);
        n_starts++;
        n_hits += at == address;
    }
    return 2 * n_hits > n_starts;
}

static void replace_in(const char *library, uint8_t *code, size_t size)
{
    uintptr_t page = sysconf(_SC_PAGESIZE), start = (uintptr_t)code & -page;
    size_t mapped = (uintptr_t)code + size - start;
    int is_writable = 0;
    for (uint8_t *at = code; (at = memmem(at, code + size - at, CPUID, sizeof CPUID)); at++) {
        if (!is_instruction(at, code))
            continue;
        if (!is_writable && mprotect((void *)start, mapped, PROT_READ | PROT_WRITE | PROT_EXEC)) {
            fprintf(stderr, "%s: its code cannot be changed\n", library);
            exit(1);
        }
        is_writable = 1;
        memcpy(at, UD0, sizeof UD0);
    }
    if (is_writable)
        mprotect((void *)start, mapped, PROT_READ | PROT_EXEC);
}

unsigned la_version(unsigned version)
{
    struct sigaction action = {.sa_sigaction = answer_cpuid, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(SIGILL, &action, NULL);
    return version < LAV_CURRENT ? version : LAV_CURRENT;
}

unsigned la_objopen(struct link_map *library, Lmid_t id, uintptr_t *cookie)
{
    (void)id, (void)cookie;
    /* neither the program itself nor the kernel's vDSO */
    if (library->l_addr == 0 || strchr(library->l_name, '/') == NULL)
        return 0;
    const ElfW(Ehdr) *header = (const void *)library->l_addr;
    const ElfW(Phdr) *segment = (const void *)(library->l_addr + header->e_phoff);
    for (int i = 0; i < header->e_phnum; i++, segment++)
        if (segment->p_type == PT_LOAD && segment->p_flags & PF_X)
            replace_in(library->l_name, (uint8_t *)library->l_addr + segment->p_vaddr,
                       segment->p_filesz);
    return 0;
}
