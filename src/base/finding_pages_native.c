#include "base/finding_families.h"

/* clang-format off */
const FindingPage finding_pages_native[] = {
    {
        .kind = {"bnb-cuda-version", SEVERITY_ERROR,
                 "BNB_CUDA_VERSION names a library that bitsandbytes does not bring"},
        .meaning =
            "The variable `BNB_CUDA_VERSION` is set in `env:`, by a stage, by the base or by a Python "
            "file that `files:` brings, and the wheel of bitsandbytes that is installed has no "
            "`libbitsandbytes_cudaN.so` of that number.",
        .matters =
            "bitsandbytes loads the library of that name and no other. It then runs without its "
            "CUDA code, or fails where it is first used: importing it proves nothing.",
        .example =
            "env: {BNB_CUDA_VERSION: \"126\"}\n"
            "stages:\n"
            "  - pip: [torch==2.6.0, bitsandbytes==0.42.0]\n",
        .way_out =
            "Leave the variable out: bitsandbytes chooses by torch's own CUDA version.",
    },
    {
        .kind = {"cuda-base", SEVERITY_WARNING,
                 "base and torch are made for different major versions of CUDA"},
        .meaning =
            "The base sets `CUDA_VERSION`, and torch (by its own `torch/version.py`) was built "
            "for another major version of CUDA.",
        .matters =
            "torch brings its own libraries and does not mind. What is compiled in the image, "
            "or linked against the libraries of the base, is for another CUDA than torch, and "
            "both in one process do not fit.",
        .example =
            "base: nvidia/cuda:11.8.0-devel-ubuntu22.04\n"
            "stages:\n"
            "  - pip: {install: [torch==2.6.0], index: cu124}\n",
        .way_out =
            "Take a base of the same major version, or one without CUDA where nothing is "
            "compiled.",
    },
    {
        .kind = {"cuda-gate", SEVERITY_ERROR,
                 "the base does not start on hosts that `host` allows"},
        .meaning =
            "The base's `NVIDIA_REQUIRE_CUDA` demands a driver for a newer CUDA version than "
            "`host: {min_cuda}` or `{min_driver}` allows.",
        .matters =
            "The container runtime reads the variable and refuses to start the container: "
            "`requirement error: unsatisfied condition: cuda>=12.8`. No code of the image runs.",
        .example =
            "base: nvidia/cuda:12.8.1-base-ubuntu22.04\n"
            "host: {min_cuda: 12.4}\n",
        .way_out =
            "Raise the floor in `host:`, take an older or another base, or set "
            "`NVIDIA_DISABLE_REQUIRE` to 1 where the wheels run on older drivers.",
    },
    {
        .kind = {"cuda-twice", SEVERITY_WARNING,
                 "base and wheels both bring the libraries of CUDA"},
        .meaning =
            "The base has cuBLAS, cuDNN, NCCL or others of CUDA's libraries, and wheels that are "
            "installed (`nvidia-cublas-cu12` and their like) bring the same. The base's files are "
            "counted where the base lies on this machine; else its environment tells. A library "
            "that something needs and the base alone has is named.",
        .matters =
            "torch finds its libraries by its own run path, before any folder of the base. The "
            "base's copies are gigabytes that every host pulls and nothing loads.",
        .example =
            "base: nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04\n"
            "stages:\n"
            "  - pip: {install: [torch==2.6.0], index: cu124}\n",
        .way_out =
            "Take the `-base-` variant, or an image without CUDA. Keep it where something else "
            "is linked against its libraries, and say so with `ignore:`.",
    },
    {
        .kind = {"driver-floor", SEVERITY_ERROR,
                 "`host` allows drivers that are too old for torch"},
        .meaning =
            "`host: {min_driver}` or `{min_cuda}` is lower than what the CUDA version of torch "
            "needs. Any driver of a major version runs every toolkit of that major version; the "
            "table is `drivers.yaml`.",
        .matters =
            "On such a host torch finds no usable driver: `The NVIDIA driver on your system is "
            "too old`.",
        .example =
            "host: {min_driver: 470}\n"
            "stages:\n"
            "  - pip: {install: [torch==2.6.0], index: cu124}\n",
        .way_out =
            "Raise the floor, or take a build of torch for an older CUDA version.",
    },
    {
        .kind = {"glibc-too-old", SEVERITY_ERROR,
                 "a library needs a newer C library than the base has"},
        .meaning =
            "A shared object of a wheel needs a version of the C library (`GLIBC_2.N`) that the "
            "base does not have. What counts is what the file itself asks for, whatever the "
            "wheel's tag says. For a library that no extension module loads by itself it is a "
            "warning: code may load it later, and may catch the failure.",
        .matters =
            "The dynamic loader refuses the file: `version 'GLIBC_2.38' not found`. Importing "
            "the module fails.",
        .example =
            "base: debian:11\n"
            "libc: glibc 2.31\n"
            "stages:\n"
            "  - pip: [bitsandbytes==0.45.0]\n",
        .way_out =
            "Take a newer base, or a version of the package that was built for an older one.",
    },
    {
        .kind = {"glibcxx-too-old", SEVERITY_ERROR,
                 "a library needs a newer C++ library than the base has"},
        .meaning =
            "A shared object of a wheel needs a version of the C++ library (`GLIBCXX_3.4.N`) "
            "that the base's own `libstdc++.so.6` does not have, and the wheel brings none. A "
            "warning where no extension module loads the object by itself. Nothing is said "
            "where the base was not read.",
        .matters =
            "The dynamic loader refuses the file: `version 'GLIBCXX_3.4.32' not found`.",
        .example =
            "base: oci:debian12\n"
            "stages:\n"
            "  - pip: [bitsandbytes==0.45.2]\n",
        .way_out =
            "Take a base with a newer compiler's libraries, or another version of the package.",
    },
    {
        .kind = {"gpu-library", SEVERITY_WARNING,
                 "a library has no code for a GPU that is named"},
        .meaning =
            "Read with `--deep`, a library of a wheel holds code for GPUs, and none of its "
            "containers serves a GPU of `host: {gpus}`: no cubin of its architecture, and no "
            "PTX that a driver could compile for it.",
        .matters =
            "What uses the library fails on that GPU with `no kernel image is available for "
            "execution on the device`, although torch itself may work.",
        .example =
            "host: {gpus: [H100]}\n"
            "stages:\n"
            "  - pip: {install: [torch==2.3.1, bitsandbytes==0.42.0], index: cu121}\n",
        .way_out =
            "Take a version of the package that was compiled for the GPU.",
    },
    {
        .kind = {"gpu-partial", SEVERITY_NOTE,
                 "some libraries of an extension have no code for a GPU"},
        .meaning =
            "Read whole (`--deep`), some libraries of an extension of torch have code for a GPU of "
            "`host: {gpus}` and others have none; the finding names them. Libraries for another "
            "CUDA version than torch's are left out.",
        .matters =
            "An extension often brings libraries for one architecture and chooses among them when "
            "it starts; then nothing is wrong. Otherwise what calls the named ones fails on that "
            "GPU with `no kernel image is available`.",
        .example =
            "host: {gpus: [A100]}\n"
            "stages:\n"
            "  - pip: [some-kernels]      # one of its two libraries is for sm_90a alone\n",
        .way_out =
            "Nothing, where the named functions are not used on that GPU; `checks: {gpu: ...}` "
            "shows what runs there.",
    },
    {
        .kind = {"gpu-unsupported", SEVERITY_ERROR,
                 "torch has no code for a GPU that is named"},
        .meaning =
            "`host: {gpus}` names a GPU for which torch was not compiled: neither the list of "
            "architectures in `libtorch_python.so` nor, with `--deep`, the code in its "
            "libraries serves its compute capability. A cubin runs on later minors of its own "
            "major version alone, so that sm_90 does not serve capability 12.0.",
        .matters =
            "Every kernel fails with `CUDA error: no kernel image is available for execution on "
            "the device`, on a machine that is paid for by the second.",
        .example =
            "host: {gpus: [RTX 5090]}\n"
            "stages:\n"
            "  - pip: {install: [torch==2.6.0], index: cu124}\n",
        .way_out =
            "Take a build of torch for a CUDA version whose compiler knows the GPU (12.8 for "
            "RTX 50xx and B200), or leave the GPU out of `host: {gpus}`.",
    },
    {
        .kind = {"ptx-driver", SEVERITY_ERROR,
                 "a GPU is served by PTX alone, which allowed drivers do not compile"},
        .meaning =
            "A library has no cubin for a GPU that is named, but PTX, which the driver compiles "
            "when it is loaded; the PTX is of a newer version than the oldest driver knows that "
            "`host:` allows.",
        .matters =
            "The driver refuses the code: `the provided PTX was compiled with an unsupported "
            "toolchain`. The compatibility of minor versions does not cover PTX.",
        .example =
            "host: {gpus: [RTX 5090], min_driver: 550}\n",
        .way_out =
            "Raise `min_driver`, or take a build with code for the GPU itself.",
    },
    {
        .kind = {"torch-abi", SEVERITY_ERROR,
                 "a library was compiled for a torch of another C++ ABI"},
        .meaning =
            "A shared object of a wheel needs functions of torch whose arguments are strings of "
            "the C++ library in one form (`std::__cxx11::string` or the old one), and the torch "
            "that is installed defines its functions with the other.",
        .matters =
            "Importing it fails with `undefined symbol: _ZN3c105ErrorC2E...`. File names that "
            "say `cxx11abiTRUE` or `FALSE` are sometimes wrong; the symbols are not.",
        .example =
            "stages:\n"
            "  - pip: {install: [torch==2.6.0], index: cu124}\n"
            "  - pip: [https://example.org/flash_attn-2.7.4+cu12torch2.6cxx11abiTRUE-cp311-cp311-linux_x86_64.whl]\n",
        .way_out =
            "Take the build that fits this torch. `check` tries those that the index has and names the "
            "first that does; `check --fix` writes it.",
    },
    {
        .kind = {"undefined-symbol", SEVERITY_ERROR,
                 "a library needs symbols that nothing that is loaded has"},
        .meaning =
            "An import loads a shared object of a wheel, with the libraries that it needs, and one of "
            "them asks for symbols that no library among them defines: of a version that another "
            "wheel's library should have (`__nvJitLinkCreate_12_4, version libnvJitLink.so.12`), "
            "of a library whose other names begin alike (`nccl...`, `arrow::`), or of torch. It is "
            "said only where every file that could define them was read, which may take "
            "`--deep`: not where the base might have another library of the name, and not of functions "
            "that are looked up when they are called (`RTLD_LAZY`). A warning where "
            "the import catches the failure. A library made for another torch that nothing "
            "is known to load is an error where the wheel's metadata asks for another torch, and "
            "else a note.",
        .matters =
            "The dynamic loader refuses the file, and importing it fails with `undefined symbol`. "
            "The two wheels were not made for each other.",
        .example =
            "stages:\n"
            "  - pip: [torch==2.6.0]\n"
            "  - pip: {install: [nvidia-nvjitlink-cu12==12.1.105], no_deps: true}\n",
        .way_out =
            "Take the version that was built for the other, or the other in the version that its "
            "metadata asks for. `check` tries the nearest versions of both and names the first with "
            "which no error is left; `check --fix` writes it.",
    },
    {.meaning = NULL},
};
/* clang-format on */
