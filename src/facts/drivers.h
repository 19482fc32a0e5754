/* Which driver a CUDA version needs, and which PTX a driver compiles (data/drivers.yaml, which says
 * its sources). */
#pragma once

#include "text/decode.h"

typedef struct {
    Text cuda, driver, ptx;
    Span at;
} DriverToolkit;

typedef struct {
    guint64 major;
    Text driver;
    Span at;
} DriverMajor;

typedef struct {
    guint64 format;
    GPtrArray *toolkits; /* DriverToolkit, older first */
    GPtrArray *majors;   /* DriverMajor */
} DriverTable;

/* Mistakes go to diags; NULL after an error. */
DriverTable *driver_table_decode(Source *source, Diags *diags);
void driver_table_free(DriverTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DriverTable, driver_table_free)

/* Compares versions of digits and dots, "12.4" before "12.10", "570.26" before "570.124.06". */
int dotted_compare(const char *a, const char *b);

/* The row of "12.4" or "12.4.127"; NULL: unknown. */
const DriverToolkit *driver_table_find(const DriverTable *table, const char *cuda);
/* The oldest driver that runs what was built with this CUDA version, by the compatibility of minor
 * versions; NULL: its major version is unknown. */
const char *driver_table_floor(const DriverTable *table, const char *cuda);
/* The newest CUDA version that a driver has by itself: "550.90" → "12.4"; NULL: older than all. */
const char *driver_table_cuda_of(const DriverTable *table, const char *driver);
/* The first CUDA version whose driver compiles PTX of this ISA (major * 10 + minor); NULL: newer
 * than all. */
const DriverToolkit *driver_table_ptx(const DriverTable *table, unsigned isa);
