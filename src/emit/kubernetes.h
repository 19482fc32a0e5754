/* plan → a Deployment for Kubernetes: what recipe and lock say of how the image must be run. The
 * start check is its startup probe, a health check its readiness probe; GPU, memory and disk are
 * asked for as resources, and nodes by the labels of NVIDIA's GPU feature discovery. What the
 * recipe does not say is not in it. */
#pragma once

#include "emit/dockerfile.h"

/* `image`: under which name it was pushed. Errors: ERROR_INPUT for a recipe without an image. */
gboolean kubernetes_emit(const Plan *plan, const char *image, EmittedFile **ret_file,
                         GError **error);
