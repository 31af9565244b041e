# What Open MPI needs to run several ranks on one machine, also as root and in a container.
# Sourced by scripts, and read by CMake for the tests: one plain `export NAME=value` a line.
# Batch jobs do not use it: there, the launcher knows its slots and its network.
export OMPI_ALLOW_RUN_AS_ROOT=1
export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_hwloc_base_binding_policy=none
# Open MPI 5 asks its own launcher, by other names.
export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
export PRTE_MCA_hwloc_default_binding_policy=none
export OMPI_MCA_pml=ob1
export OMPI_MCA_btl=self,vader,tcp
export OMPI_MCA_btl_vader_single_copy_mechanism=none
export OMPI_MCA_btl_tcp_if_include=lo
export OMPI_MCA_oob_tcp_if_include=lo
export OMPI_MCA_plm=isolated
export OMPI_MCA_mpi_yield_when_idle=1
