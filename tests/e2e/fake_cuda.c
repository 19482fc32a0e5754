/* A driver library for machines without one: what FAKE_CUDA says is there.
 * "12.4;NVIDIA A40,8.6,48;NVIDIA L4,8.9,24": CUDA version, then name, capability, GB of each
 * device. "error 100" fails cuInit with that status, "abort" kills the process, "hang" never
 * returns. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#undef getenv

enum {
    DEVICE_NAME = 64,
    DEVICES = 8
};

static struct {
    int driver, count, status;
    struct {
        char name[DEVICE_NAME];
        int major, minor;
        double gigabytes;
    } devices[DEVICES];
} fake;

static void read_devices(const char *text)
{
    for (const char *at = strchr(text, ';'); at && fake.count < DEVICES; at = strchr(at + 1, ';')) {
        char *name = fake.devices[fake.count].name;
        int fields = sscanf(at + 1, "%63[^,],%d.%d,%lf", name, &fake.devices[fake.count].major,
                            &fake.devices[fake.count].minor, &fake.devices[fake.count].gigabytes);
        fake.count += fields == 4;
    }
}

int cuInit(unsigned flags)
{
    const char *text = getenv("FAKE_CUDA");
    if (!text)
        return 100;
    if (strcmp(text, "abort") == 0)
        abort();
    while (strcmp(text, "hang") == 0)
        pause();
    if (sscanf(text, "error %d", &fake.status) == 1)
        return fake.status;
    int major = 0, minor = 0;
    if (sscanf(text, "%d.%d", &major, &minor) == 2)
        fake.driver = major * 1000 + minor * 10;
    read_devices(text);
    return 0;
}

int cuGetErrorName(int status, const char **ret_name)
{
    *ret_name = status == 100 ? "CUDA_ERROR_NO_DEVICE" : NULL;
    return 0;
}

int cuDriverGetVersion(int *ret_version)
{
    *ret_version = fake.driver;
    return 0;
}

int cuDeviceGetCount(int *ret_count)
{
    *ret_count = fake.count;
    return 0;
}

int cuDeviceGet(int *ret_device, int index)
{
    *ret_device = index;
    return 0;
}

int cuDeviceGetName(char *name, int length, int device)
{
    snprintf(name, (size_t)length, "%s", fake.devices[device].name);
    return 0;
}

int cuDeviceGetAttribute(int *ret_value, int attribute, int device)
{
    *ret_value = attribute == 75 ? fake.devices[device].major : fake.devices[device].minor;
    return 0;
}

int cuDeviceTotalMem_v2(size_t *ret_bytes, int device)
{
    *ret_bytes = (size_t)(fake.devices[device].gigabytes * 1e9);
    return 0;
}
