/* What a base has for a Python: it knows the items of checks by their texts alone. As "tool" it
 * tells where it runs. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char version[] = "x\0"
                       "3.2.0\0"
                       "3.11.7\0x";

int main(int argc, char **argv)
{
    if (strstr(argv[0], "tool")) {
        printf("in %s, device: %s\n", getcwd((char[64]){0}, 64),
               access("/dev/nvidia0", F_OK) ? "no" : "yes");
        return argc > 1 ? 3 : 0;
    }
    const char *script = argc > 2 ? argv[2] : "";
    if (strstr(script, "tinyserve.nowhere"))
        puts("ramekin.yaml:12: check module failed: there is no module tinyserve.nowhere");
    else if (strstr(script, "[\"import\", "))
        puts("ramekin.yaml:13: check import failed: no driver: exit status 1");
    else
        return version[0] == 'x' ? 0 : 2;
    return 1;
}
