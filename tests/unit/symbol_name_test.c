#include "facts/symbol_name.h"

#include "test.h"

TEST(words_and_families)
{
    static const struct {
        const char *name, *words, *family; /* NULL: none */
    } rows[] = {
        {"_ZNK3c1011StorageImpl4dataEv", "c10::StorageImpl::data", "c10"},
        {"_ZN2at4_ops3add4callERKNS_6TensorES4_", "at::_ops::add::call", "at"},
        {"_ZN3c105ErrorC2ENS_14SourceLocationESs", "c10::Error::Error", "c10"},
        {"_ZN3c105ErrorD1Ev", "c10::Error::~Error", "c10"},
        {"_ZTVN5arrow5ArrayE", "arrow::Array", "arrow"},
        {"_ZTI7Options", "Options", "Options"},
        {"_ZGVZN1a1bEvE1c", NULL, NULL},
        {"_ZN5arrow6ResultISt10shared_ptrIiEE5valueEv", "arrow::Result", "arrow"},
        {"_Z16THPVariable_WrapN2at10TensorBaseE", "THPVariable_Wrap", "THP"},
        {"_ZNSt6vectorIiSaIiEE9push_backEOi", NULL, NULL},
        {"_ZN9__gnu_cxx3fooEv", "__gnu_cxx::foo", NULL},
        {"_ZNSs6appendEPKc", NULL, NULL},
        {"_ZlsRSoi", NULL, NULL},
        {"_Znwm", NULL, NULL},
        {"_ZThn16_N2at4funcEv", NULL, NULL},
        {"_ZN9999abcEv", NULL, NULL},
        {"_ZN0Ev", NULL, NULL},
        {"_Z", NULL, NULL},
        {"_ZN", NULL, NULL},
        {"ncclCommRegister", NULL, "nccl"},
        {"H5Fopen", NULL, NULL},
        {"HDF5Open", NULL, "HDF"},
        {"MagickCoreGenesis", NULL, "Magick"},
        {"PyList_New", NULL, NULL},
        {"_PyLong_New", NULL, NULL},
        {"PyArray_API", NULL, NULL},
        {"pthread_setname_np", NULL, NULL},
        {"lzma_code", NULL, "lzma"},
        {"__environ", NULL, NULL},
        {"", NULL, NULL},
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *words = symbol_words(rows[i].name);
        assert_text(rows[i].name, rows[i].words, words);
        const char *word;
        size_t length;
        bool known = symbol_family(rows[i].name, &word, &length);
        g_autofree char *family = known ? g_strndup(word, length) : NULL;
        assert_text(rows[i].name, rows[i].family, family);
    }
}
