/* A histogram of nanoseconds whose buckets widen with the value. */
#pragma once
#include <stdint.h>

#define SUB_BITS 6 /* of each power of two: a bucket is at most 1/64 wide */
#define SUB (1 << SUB_BITS)
#define BUCKETS (SUB * (65 - SUB_BITS))

static inline unsigned bucket_of(uint64_t value)
{
    if (value < SUB)
        return value;
    unsigned shift = 63 - __builtin_clzll(value) - SUB_BITS;
    return (shift + 1) * SUB + ((value >> shift) - SUB);
}

static inline uint64_t middle_of(unsigned bucket)
{
    if (bucket < SUB)
        return bucket;
    unsigned shift = bucket / SUB - 1;
    return (((uint64_t)(bucket % SUB) + SUB) << shift) + ((1ULL << shift) >> 1);
}
