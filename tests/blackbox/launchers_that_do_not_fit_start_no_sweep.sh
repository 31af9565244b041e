# Processes of a launcher that lethe's MPI does not speak each see one rank: none of them may take the sweep for its own.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M
write_config c.yaml "$PWD/M" ft-c 1
unset OMPI_COMM_WORLD_SIZE PMI_SIZE PMI_RANK PMIX_RANK SLURM_STEP_NUM_TASKS
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

refused() { # NAME=VALUE...
  local status=0
  env "$@" timeout 60 "$L" sweep c.yaml --out out >told 2>&1 </dev/null || status=$?
  [ "$status" -ne 0 ] || fail "a sweep ran beside three others: $*"
  [ ! -e out ] || fail "the folder was touched: $*"
}
# srun with a PMIx of another version.
refused PMIX_RANK=1 PMIX_NAMESPACE=slurm.pmix.7.0 SLURM_STEP_NUM_TASKS=4
expect_text 'started 4 ranks, this MPI library sees 1'
# The mpirun of another MPI.
refused OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_RANK=1
expect_text 'started 4 ranks, this MPI library sees 1'
refused PMI_SIZE=4 PMI_RANK=1
expect_text 'started 4 ranks, this MPI library sees 1'
# srun --mpi=none.
refused SLURM_STEP_NUM_TASKS=4
expect_text 'started 4 processes without MPI'
# A batch script's own shell is no step, whatever the job has asked for.
expect_rc 0 env SLURM_NTASKS=4 SLURM_JOB_ID=7 "$L" sweep c.yaml --out out
