#include "python/flavour.h"
#include "test.h"

TEST(stems)
{
    static const char *const rows[][2] = {
        {"opencv-python", "opencv"},
        {"opencv-python-headless", "opencv"},
        {"opencv-contrib-python", "opencv"},
        {"onnxruntime", "onnxruntime"},
        {"onnxruntime-gpu", "onnxruntime"},
        {"faiss-gpu-cu12", "faiss"},
        {"cupy-cuda12x", "cupy"},
        {"cupy-rocm-5-0", "cupy-5-0"},
        {"nvidia-cudnn-cu12", "nvidia-cudnn"},
        {"nvidia-cublas-cu12", "nvidia-cublas"},
        {"psycopg2-binary", "psycopg2"},
        {"cuda-python", "cuda-python"}, /* nothing would be left */
        {"cucumber", "cucumber"},
        {"", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = flavour_stem(rows[i][0]);
        assert_text(rows[i][0], rows[i][1], found);
    }
}
