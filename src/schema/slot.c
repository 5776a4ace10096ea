/* Conversions between public values and slots, the int64_t form in which columns keep them. */
#include <math.h>
#include <string.h>

#include "schema/schema.h"

#define SLOT_GEO_SCALE 1e7

double segi_slot_float(int64_t slot)
{
    double value;
    memcpy(&value, &slot, sizeof value);
    return value;
}

int64_t segi_slot_of_float(double value)
{
    int64_t slot;
    /* Adding zero turns -0.0 into 0.0, so that equal numbers have equal bits. */
    value += 0.0;
    memcpy(&slot, &value, sizeof slot);
    return slot;
}

/* Half away from zero; |degrees| <= 180, so the result fits. */
static int32_t slot_round_e7(double degrees)
{
    return (int32_t)round(degrees * SLOT_GEO_SCALE);
}

bool segi_slot_of_geo(double latitude, double longitude, int64_t *out)
{
    /* The negated form also refuses NaN. */
    if (!(latitude >= -90.0 && latitude <= 90.0 && longitude >= -180.0 && longitude <= 180.0))
        return false;
    *out = segi_slot_geo(slot_round_e7(latitude), slot_round_e7(longitude));
    return true;
}
